"""Borg, wrapped: each run is recorded in a state file, and what it backed up is proven by restoring it."""

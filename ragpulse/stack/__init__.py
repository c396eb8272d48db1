"""What runs on a monitoring node: which processes, with which binaries, started and watched by one supervisor."""

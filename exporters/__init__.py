"""The agent of a node: sources (local readings) and probes (active checks), run apart, served as text."""

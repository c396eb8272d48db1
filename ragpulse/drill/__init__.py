"""The drill: break a demo on purpose, fault by fault, and time who is told, when, and how often."""

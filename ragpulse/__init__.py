"""Observability for small self-hosted RAG clusters: one cluster file in, everything else derived from it."""

__version__ = "0.1.0"

"""Can a text that a service says of itself stand in a label? Short, and nothing but what can be read on one line.

A label is kept for as long as Prometheus keeps anything, on every one of its samples: a service must not fill it.
"""

from typing import TypeGuard

MAX_LENGTH = 512  # Chroma's own limit of a collection's name, the longest that any service here allows


def fits_label(found: object) -> TypeGuard[str]:
    return isinstance(found, str) and len(found) <= MAX_LENGTH and found.isprintable()

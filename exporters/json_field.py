"""A value inside a JSON document by its dotted path, as the cluster file writes it: `storage.total_memories`."""

import math
from typing import Any


def at(document: Any, path: str) -> Any:
    """None when there is nothing (or null) at `path`."""
    for part in path.split("."):
        if not isinstance(document, dict):
            return None
        document = document.get(part)
    return document


def number_at(document: Any, path: str) -> float | None:
    """None when there is no finite number at `path`; true and false are no numbers."""
    found = at(document, path)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        value = float(found)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None

"""A value inside a JSON document by its dotted path, as the cluster file writes it, and whether it is a good one."""

import math
from collections.abc import Iterable
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


def is_one_of(found: Any, good: Iterable[str | bool | float]) -> bool:
    """`UP` is `up` and 1 is 1.0, but true is not 1."""
    return any(_is_same(found, value) for value in good)


def _is_same(found: Any, good: str | bool | float) -> bool:  # noqa: FBT001 - a value from the cluster file
    if isinstance(found, str) and isinstance(good, str):
        return found.casefold() == good.casefold()
    return isinstance(found, bool) == isinstance(good, bool) and bool(found == good)

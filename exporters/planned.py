"""A source that shall run, and what it was built from: while that is the same, a reload leaves it alone."""

from collections.abc import Callable
from dataclasses import dataclass

from exporters.source import Source


def at_once() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Planned:
    """`settings`: whatever of the cluster file the source depends on, comparable; None where that is nothing.

    `when`: whether there is anything for it to read here; until then it costs nothing.
    """

    source: Source
    settings: object = None
    when: Callable[[], bool] = at_once

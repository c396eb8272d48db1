"""A source that shall run, and what it was built from: while that is the same, a reload leaves it alone."""

from dataclasses import dataclass

from exporters.source import Source


@dataclass(frozen=True, slots=True)
class Planned:
    """`settings`: whatever of the cluster file the source depends on, comparable; None where that is nothing."""

    source: Source
    settings: object = None

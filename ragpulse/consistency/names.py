"""What can be referred to: every name that the file gives, whatever else is wrong with what bears it."""

from dataclasses import dataclass
from typing import Any, Self

from ragpulse.location import Path_, at


@dataclass(frozen=True, slots=True)
class Names:
    nodes: tuple[str, ...]
    services: tuple[str, ...]
    receivers: tuple[str, ...]

    @classmethod
    def of_file(cls, value: Any) -> Self:
        return cls(_keys(value, ("nodes",)), _keys(value, ("services",)), _keys(value, ("notify", "receivers")))


def _keys(value: Any, path: Path_) -> tuple[str, ...]:
    found = at(value, path)
    return tuple(found) if isinstance(found, dict) else ()

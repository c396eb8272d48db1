"""What of a faulty cluster file can still be read, so that all of its mistakes are told at once.

What is wrong is taken out piece by piece until the rest is a cluster; that rest is looked at for contradictions, but
for those that come of what was taken out. It is never used for anything else.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ragpulse.consistency import Contradiction, Path_
from ragpulse.inventory import Cluster
from ragpulse.location import in_file

_ROUNDS = 20  # each takes out at least one thing; a file with more layers of mistakes has had enough of them told


@dataclass(frozen=True, slots=True)
class ReadablePart:
    """`missing`: names of what was taken out, to which the rest may well refer."""

    cluster: Cluster
    missing: frozenset[str]
    value: Any

    def true_of_the_whole(self, found: Iterable[Contradiction]) -> list[Contradiction]:
        """Without those that only complain of what was taken out."""
        return [(path, text) for path, text in found if not self._was_taken_out(_at(self.value, path))]

    def _was_taken_out(self, named: Any) -> bool:
        return isinstance(named, str) and named in self.missing


def readable_part(value: dict[str, Any]) -> tuple[ReadablePart | None, list[ErrorDetails]]:
    """The cluster as far as it can be read, and the mistakes; without a mistake it is the cluster."""
    rest: dict[str, Any] = copy.deepcopy(value)
    missing: set[str] = set()
    first: list[ErrorDetails] | None = None
    for _ in range(_ROUNDS):
        try:
            return ReadablePart(Cluster.model_validate(rest), frozenset(missing), rest), first or []
        except ValidationError as error:
            errors = error.errors()
        first = errors if first is None else first
        for details in errors:
            path = in_file(details["loc"])
            _take_out(rest, path[:-1] if details["type"] == "missing" else path, missing)
    return None, first or []


def _take_out(rest: dict[str, Any], path: Path_, missing: set[str]) -> None:
    if not path or path == ("cluster",):
        rest["cluster"] = "nameless"
        return
    parent, last = _at(rest, path[:-1]), path[-1]
    if isinstance(parent, dict) and last in parent:
        del parent[last]
        missing.add(str(last))
    elif isinstance(parent, list):
        _take_out(rest, path[:-1], missing)


def _at(value: Any, path: Path_) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value

"""What of a faulty cluster file can still be read, so that all of its mistakes are told at once.

What is wrong is taken out piece by piece until the rest is a cluster; that rest is looked at for contradictions, but
for those that follow from what was taken out. It is never used for anything else.
"""

import copy
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ragpulse.consistency import contradictions
from ragpulse.consistency.contradiction import Contradiction
from ragpulse.consistency.names import Names
from ragpulse.inventory import Cluster
from ragpulse.location import Path_, at, in_file

_ROUNDS = 20  # each takes out at least one thing; a file with more layers of mistakes has had enough of them told


@dataclass(frozen=True, slots=True)
class ReadablePart:
    """`gaps`: places of the file where something was taken out."""

    cluster: Cluster
    names: Names
    gaps: frozenset[Path_]

    def contradictions(self) -> list[Contradiction]:
        """Without those that follow from a gap."""
        found = contradictions(self.cluster, self.names)
        return [one for one in found if not any(_overlap(gap, place) for gap in self.gaps for place in _places(one))]


def readable_part(value: dict[str, Any]) -> tuple[ReadablePart | None, list[ErrorDetails]]:
    """The cluster as far as it can be read, and the mistakes; without a mistake it is the cluster."""
    rest: dict[str, Any] = copy.deepcopy(value)
    gaps: set[Path_] = set()
    first: list[ErrorDetails] | None = None
    for _ in range(_ROUNDS):
        try:
            cluster = Cluster.model_validate(rest)
            return ReadablePart(cluster, Names.of_file(value), frozenset(gaps)), first or []
        except ValidationError as error:
            errors = error.errors()
        first = errors if first is None else first
        # Resolved before anything is taken out: a list loses its places with its items.
        for path in [in_file(details, rest) for details in errors]:
            gaps.add(path)
            _take_out(rest, path)
    return None, first or []


def _take_out(rest: dict[str, Any], path: Path_) -> None:
    """What lacks a key goes whole, and so does a list with an item that is none."""
    if not path or path == ("cluster",):
        rest["cluster"] = "nameless"
        return
    parent, last = at(rest, path[:-1]), path[-1]
    if isinstance(parent, dict) and last in parent:
        del parent[last]
    elif parent is not None:
        _take_out(rest, path[:-1])


def _places(found: Contradiction) -> tuple[Path_, ...]:
    return (found.path, *found.because)


def _overlap(one: Path_, other: Path_) -> bool:
    """One lies within the other."""
    return all(ours == theirs for ours, theirs in zip(one, other, strict=False))

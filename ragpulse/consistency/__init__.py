"""Mistakes that no single key shows: names that refer to nothing, places used twice, times that do not fit."""

from collections.abc import Iterator

from ragpulse.consistency import memory, places, rag, receivers, references, service_urls, targets, times
from ragpulse.consistency.contradiction import Contradiction
from ragpulse.consistency.names import Names
from ragpulse.inventory import Cluster


def contradictions(cluster: Cluster, names: Names) -> Iterator[Contradiction]:
    """`names`: all that the file names, also what of `cluster` is missing because it could not be read."""
    yield from references.contradictions(cluster, names)
    for look in (receivers, places, service_urls, times, targets, memory, rag):
        yield from look.contradictions(cluster)

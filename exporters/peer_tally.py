"""The counters of the ways to the peers: durations, and failures by reason, for each peer and tier, from 0 on.

A run that the runner has cut no longer counts: what it finds later belongs to nobody. Nor does one into which a suspend
of this machine falls. Seconds.
"""

import threading
from collections.abc import Iterable, Iterator

from exporters.clocks import MACHINE, Clocks
from exporters.latency_counts import LatencyCounts
from ragpulse.catalogue.network import PEER_DURATION, PEER_FAILURE_REASONS, PEER_FAILURES
from ragpulse.metric import Sample

Way = tuple[str, str]  # peer, tier


class PeerTally:
    def __init__(self, ways: Iterable[Way], clocks: Clocks = MACHINE) -> None:
        self._counts = {way: _WayCounts() for way in ways}
        self._lock = threading.Lock()
        self._generation = 0
        self._clocks = clocks
        self._asleep = 0.0
        self._open: set[Way] | None = None  # ways that the current run has not judged yet; None: no run

    def start(self) -> int:
        """A new run; `record` wants its number."""
        with self._lock:
            self._generation += 1
            self._asleep = self._clocks.asleep()
            self._open = set(self._counts)
            return self._generation

    def record(self, run: int, way: Way, seconds: float, reason: str | None = None) -> None:
        """`reason` is one of `catalogue.network.PEER_FAILURE_REASONS`; None: there and back in `seconds`."""
        with self._lock:
            if run != self._generation or self._open is None or self._clocks.slept_since(self._asleep):
                return
            self._open.discard(way)
            if reason is None:
                self._counts[way].durations.add(seconds)
            else:
                self._counts[way].failures[reason] += 1

    def cut(self) -> None:
        """What the current run has not judged has failed; for a further due run while it hangs, every way has."""
        with self._lock:
            for way in self._counts if self._open is None else self._open:
                self._counts[way].failures["deadline"] += 1
            self._open = None
            self._generation += 1

    def samples(self) -> Iterator[Sample]:
        with self._lock:
            found = [sample for (peer, tier), way in self._counts.items() for sample in way.samples(peer, tier)]
        yield from found


class _WayCounts:
    def __init__(self) -> None:
        self.failures = dict.fromkeys(PEER_FAILURE_REASONS, 0)
        self.durations = LatencyCounts()

    def samples(self, peer: str, tier: str) -> Iterator[Sample]:
        yield from PEER_DURATION.buckets(self.durations.cumulative(), self.durations.seconds, peer=peer, tier=tier)
        for reason, count in self.failures.items():
            yield PEER_FAILURES(count, peer=peer, tier=tier, reason=reason)

"""The way to the memory service is slow, or loses one connection. The service itself is as well as ever."""

from collections.abc import Iterator
from contextlib import contextmanager

from ragpulse.drill.fault import Fault
from ragpulse.drill.rig import Rig
from ragpulse.errors import RagpulseError

_DELAY = 0.15  # seconds: over the promised 100 ms, far from any timeout
_PROBE = b"GET /health"  # whoever else reads the service asks for other pages
_FAILURES = 'sum by (node) (ragpulse_probe_failures_total{service="memory"})'


@contextmanager
def _slow(rig: Rig) -> Iterator[None]:
    rig.relay.delay = _DELAY
    try:
        yield
    finally:
        rig.relay.delay = 0.0


@contextmanager
def _one_lost(rig: Rig) -> Iterator[None]:
    """Errors: RagpulseError where no probe failed of it: silence would prove nothing."""
    before = rig.sum_of(_FAILURES)
    rig.relay.lose(_PROBE)
    yield
    failed = rig.sum_of(_FAILURES) - before
    if not rig.relay.has_lost or failed != 1:
        raise RagpulseError(f"one probe of memory should have failed, and {failed:g} did: this run says nothing")


SLOW = Fault(
    "memory-slow",
    "each answer of the memory service comes 150 ms later",
    _slow,
    "ResponseTimeAboveTarget",
    severity="ticket",
    within=900.0,
)
# What follows from a probe of a service that is down is told within 79 s (tests/test_timing.py).
ONE_LOST = Fault("one-lost-probe", "one connection of a probe is reset", _one_lost, None, within=90.0)

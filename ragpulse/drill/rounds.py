"""Several faults, several times each: in rounds, so that what one leaves in the windows of its service has passed."""

from collections.abc import Iterable, Iterator, Sequence

from ragpulse.drill.fault import Fault
from ragpulse.drill.rig import Rig
from ragpulse.drill.run import Run, Tell, run


def rounds(
    rig: Rig, faults: Sequence[Fault], count: int, watch_after: float, tell: Tell
) -> Iterator[tuple[Fault, Run]]:
    """Each run as it ends. Only those of the last round are watched for `watch_after` seconds after the mending."""
    for number in range(1, count + 1):
        for fault in faults:
            yield fault, run(rig, fault, watch_after if number == count else 0.0, tell)


def demos(faults: Iterable[Fault]) -> Iterator[tuple[Fault, ...]]:
    """Those that share a demo, and each that needs one of its own."""
    chosen = tuple(faults)
    if shared := tuple(fault for fault in chosen if not fault.alone):
        yield shared
    yield from ((fault,) for fault in chosen if fault.alone)

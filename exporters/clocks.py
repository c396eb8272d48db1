"""Which clock tells what? Seconds of the machine's own three, which part when somebody sets or suspends it.

awake: stands still while the machine is suspended; how long something took, and when its time is over.
since_boot: counts suspends too; how old something is, and when it is due again.
wall: Unix time, and whatever somebody sets it to; what other machines and people are told, and nothing else.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

_NAP = 1.0  # seconds; a shorter suspend is none, and reading two clocks never takes as long

Clock = Callable[[], float]


def since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Clocks:
    awake: Clock = time.monotonic
    since_boot: Clock = since_boot
    wall: Clock = time.time

    def asleep(self) -> float:
        """How long the machine has been suspended so far: a mark for `slept_since`."""
        return self.since_boot() - self.awake()

    def slept_since(self, mark: float) -> bool:
        return self.asleep() - mark >= _NAP


MACHINE = Clocks()

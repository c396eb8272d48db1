"""What hardly ever changes about a GPU, asked once for each time that NVML is opened, and again after a while."""

from collections.abc import Callable
from typing import Generic, TypeVar

from exporters.clocks import MACHINE, Clock
from exporters.nvml_gpu import Gpu

T = TypeVar("T")
_AGAIN = 600.0  # seconds; an operator may set a power limit, a link may come up late


class Seldom(Generic[T]):
    """Errors: those of `ask`; then it is asked again at the next call."""

    def __init__(self, ask: Callable[[Gpu], T], clock: Clock = MACHINE.awake) -> None:
        self._ask = ask
        self._clock = clock
        self._known: dict[str, tuple[Gpu, float, T]] = {}

    def of(self, gpu: Gpu) -> T:
        known = self._known.get(gpu.label)
        if known is not None and known[0] is gpu and self._clock() - known[1] < _AGAIN:
            return known[2]
        said = self._ask(gpu)
        self._known[gpu.label] = (gpu, self._clock(), said)
        return said

"""Has this node GPUs, which, and does each of them answer? The one source that opens and closes NVML, for all others.

Source: NVML through nvidia-ml-py, and the kernel's list of devices as a witness. `none`: nothing of NVIDIA's to be read
here, a fact and no fault. `unavailable`: a GPU is there, or the driver says so, and it cannot be read; the reason is
the name that NVML gives the error. NVML stays open as long as it has a GPU to read, for opening it can take seconds and
wake a sleeping GPU; it is closed when it has none, for an open NVML keeps the driver from being unloaded. It is opened
anew when the driver went, when devices came or went, and when a GPU is lost: then once, and once a minute after that.
Errors: none of NVML's; what it reports is the reading.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from exporters.clocks import MACHINE, Clock
from exporters.gate import BusyError
from exporters.gpu_bus import GpuBus
from exporters.gpu_identity import identity
from exporters.gpu_kind import Kinds
from exporters.nvml import Nvml, Opened
from exporters.nvml_error import BROKEN, LIBRARY_MISSING, LOST, NvmlError
from exporters.nvml_gpu import CHIP
from exporters.source import SourceError
from ragpulse.catalogue.gpu import DEVICES, INFO, SOFTWARE_INFO, STATE, STATES, UNAVAILABLE, UP
from ragpulse.metric import Metric, Sample, one_of

_REOPEN_AFTER = 60.0  # seconds since the last time, while a GPU is missing: it may have been reset
# What NVML also says on a machine without any GPU, on which only the library is installed.
_SAYS_NOTHING_OF_DEVICES = frozenset({LIBRARY_MISSING, "driver_not_loaded"})
# What does not mend itself while the agent runs.
_LASTING = frozenset({"no_permission"})
_LOST, _GONE, _HANGS = "gpu_is_lost", "gpu_not_found", "timeout"


@dataclass(frozen=True, slots=True)
class _Found:
    devices: int | None = None
    answering: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    is_outdated: bool = False  # what was open when this was asked is not what is there


class GpuState:
    name: str = "gpu_state"
    interval: float = 10.0
    timeout: float = 8.0
    max_age: float | None = None
    emits: tuple[Metric, ...] = (STATE, DEVICES, UNAVAILABLE, UP, INFO, SOFTWARE_INFO)

    def __init__(
        self,
        nvml: Nvml,
        *,
        disabled: bool = False,
        root: Path = Path("/"),
        clock: Clock = MACHINE.awake,
    ) -> None:
        self._nvml = nvml
        self._disabled = disabled
        self._kinds = Kinds(root)
        self._bus = GpuBus(root)
        self._clock = clock
        self._opened: Opened | None = None
        self._opened_at = 0.0
        self._shown: object = None  # what the kernel showed when NVML was opened
        self._identities: dict[str, list[Sample]] = {}

    def read(self) -> Iterator[Sample]:
        if self._disabled:
            self._nvml.close()  # a reload may have found it open
            return one_of(STATE, "state", STATES, "disabled")
        return self._samples(self._look())

    def _samples(self, found: _Found) -> Iterator[Sample]:
        state = "unavailable" if found.reasons else "ready" if found.devices else "none"
        yield from one_of(STATE, "state", STATES, state)
        if found.devices is not None:
            yield DEVICES(found.devices)
        for reason in sorted(found.reasons):
            yield UNAVAILABLE(1, reason=reason)
        for label in self._nvml.labels():
            yield UP(label in found.answering, gpu=label)
            yield from self._identities.get(label, ())  # of a lost one too: somebody has to find it

    def _look(self) -> _Found:
        shown = (self._bus.gpus(), self._bus.of_the_driver())
        found = None
        if self._opened is not None:
            found = self._ask(self._opened)
            if shown == self._shown and not self._is_worth_reopening(found):
                return found
        try:
            opened = self._nvml.open()
        except BusyError:
            return found or _Found(reasons=frozenset({_HANGS}))
        except NvmlError as error:
            self._opened = None
            return self._unopened(error.reason)
        self._opened, self._opened_at, self._shown = opened, self._clock(), shown
        for gpu in opened.gpus:
            with suppress(SourceError):  # one that is lost right now is found so below
                self._identities[gpu.label] = list(identity(gpu, self._kinds))
        found = self._ask(opened)
        if found.answering:
            return found
        with suppress(BusyError):
            self._nvml.close()
            self._opened = None
        return replace(found, reasons=found.reasons or frozenset({_GONE} if self._nvml.labels() else ()))

    def _ask(self, opened: Opened) -> _Found:
        answering, refusals = set(), set()
        for gpu in opened.gpus:
            try:
                gpu.ask("GetTemperature", CHIP)
            except NvmlError as error:
                refusals.add(error.reason)
            else:
                answering.add(gpu)
        try:
            devices = self._nvml.ask("DeviceGetCount")
        except NvmlError as error:
            devices = None
            refusals.add(error.reason)
        # Of a GPU that still answers this, another source may have been told by a call that goes deeper.
        deaf = {gpu for gpu in answering if gpu.lost.is_set()}
        return _Found(
            devices,
            frozenset(gpu.label for gpu in answering - deaf),
            opened.refused | refusals | ({_LOST} if deaf else set()),
            is_outdated=bool(refusals & (BROKEN | LOST)) or devices != opened.count,
        )

    def _is_worth_reopening(self, found: _Found) -> bool:
        is_time = self._clock() - self._opened_at >= _REOPEN_AFTER
        return found.is_outdated or (is_time and bool(found.reasons - _LASTING))

    def _unopened(self, reason: str) -> _Found:
        is_a_fault = reason not in _SAYS_NOTHING_OF_DEVICES or self._bus.gpus() or self._nvml.labels()
        return _Found(reasons=frozenset({reason})) if is_a_fault else _Found(devices=0)

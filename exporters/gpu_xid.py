"""Which errors did the driver report of each GPU, and when last? XID errors by code, and a few other events.

Source: NVML's events, which the driver keeps until they are fetched: one set for all GPUs, made anew at each opening of
NVML, asked every 2 s. Counters are ours and start with the agent; Unix time in seconds. A GPU or driver without XID
events has no series here. Errors: NvmlError.
"""

import ctypes
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from exporters.clocks import MACHINE, Clock
from exporters.nvml import Nvml
from exporters.nvml_error import LOST, NvmlError, reason_of
from exporters.nvml_gpu import Gpu
from exporters.source import SourceError
from ragpulse import xid
from ragpulse.catalogue.gpu_errors import EVENTS, XID, XID_LAST
from ragpulse.metric import Metric, Sample

_XID = 0x8  # nvmlEventTypeXidCriticalError
# nvmlEventType… → its name on the page.
_OTHERS = {0x1: "single_bit_ecc", 0x2: "double_bit_ecc", 0x4000: "unavailable", 0x8000: "recovery_action"}
_WANTED = _XID | sum(_OTHERS)
_WAIT_MS = 10  # for the first event of a run; those between two runs are kept by the driver
_MOST_A_RUN = 1000
_MOST_CODES = 32  # of one GPU; beyond them lies a driver that says anything
_REST = "other"


@dataclass
class _Told:
    """What the driver told of one GPU since the agent started."""

    xids: dict[str, int] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)


class GpuXid:
    name: str = "gpu_xid"
    interval: float = 2.0
    timeout: float = 1.5
    max_age: float | None = None
    emits: tuple[Metric, ...] = (XID, XID_LAST, EVENTS)

    def __init__(self, nvml: Nvml, wall: Clock = MACHINE.wall) -> None:
        self._nvml = nvml
        self._wall = wall
        self._lock = threading.Lock()
        self._told: dict[str, _Told] = {}
        self._set: Any = None
        self._opening = 0  # that the set belongs to
        self._labels: dict[int | None, str] = {}  # by handle
        self._unheard: list[Gpu] = []  # of this opening, that could not be registered yet

    def read(self) -> tuple[Sample, ...]:
        if not self._nvml.gpus():
            return ()
        with self._nvml.held() as binding:
            if self._opening != self._nvml.openings:
                self._begin(binding)
            errors = self._register()
            if self._set is not None:
                self._fetch(binding, self._set)
        if errors:
            raise errors[0]
        return ()

    def counters(self) -> Iterator[Sample]:
        with self._lock:
            samples = [sample for label, told in self._told.items() for sample in _samples(label, told)]
        return iter(samples)

    def cut(self) -> None:
        """Nothing to count: what a hanging call does not fetch, the driver keeps."""

    @property
    def note(self) -> str:
        with self._lock:
            silent = [f"GPU {label} reports no XID errors" for label, told in self._told.items() if not told.xids]
            codes = [(label, code) for label, told in self._told.items() for code in told.last]
        return "; ".join([*silent, *(f"GPU {label}: {xid.meaning(code)}" for label, code in codes)])

    def _begin(self, binding: Any) -> None:
        self._set, self._labels, self._unheard = None, {}, []
        events = self._nvml.ask("EventSetCreate")
        if events is not None:
            self._nvml.before_close(lambda: self._finish(binding, events))
        self._opening, self._set, self._unheard = self._nvml.openings, events, list(self._nvml.gpus())

    def _register(self) -> list[NvmlError]:
        """What kept it from those that it still does not listen to."""
        errors: list[NvmlError] = []
        waiting, self._unheard = self._unheard, []
        for gpu in waiting:
            try:
                self._listen_to(gpu)
            except NvmlError as error:
                errors.append(error)
                if not gpu.lost.is_set():  # then NVML will be opened anew
                    self._unheard.append(gpu)
        return errors

    def _listen_to(self, gpu: Gpu) -> None:
        self._labels[_address(gpu.handle)] = gpu.label
        kinds = (gpu.ask("GetSupportedEventTypes") or 0) & _WANTED if self._set is not None else 0
        if kinds and gpu.ask_why("RegisterEvents", kinds, self._set)[1]:
            kinds = 0
        with self._lock:
            told = self._told.setdefault(gpu.label, _Told())
            if kinds & _XID:
                told.xids = dict.fromkeys(map(str, xid.AWAITED), 0) | told.xids
            told.events = {name: 0 for kind, name in _OTHERS.items() if kinds & kind} | told.events

    def _finish(self, binding: Any, events: Any) -> None:
        """NVML is about to be closed, perhaps because of what nobody has fetched yet."""
        try:
            self._fetch(binding, events, wait=0)
        finally:
            binding.nvmlEventSetFree(events)

    def _fetch(self, binding: Any, events: Any, wait: int = _WAIT_MS) -> None:
        for _ in range(_MOST_A_RUN):
            try:
                event = binding.nvmlEventSetWait_v2(events, wait)
            except binding.NVMLError as error:
                # One lost GPU makes the wait for all of them fail; gpu_state will open NVML without it.
                if reason_of(error) in {"timeout", *LOST}:
                    return
                raise NvmlError(reason_of(error), "nvmlEventSetWait_v2") from error
            wait = 0
            self._count(event)

    def _count(self, event: Any) -> None:
        label = self._labels.get(_address(event.device))
        if label is None:
            raise SourceError("NVML told of an event of a GPU that it had not shown")
        with self._lock:
            told = self._told[label]
            if event.eventType == _XID:
                code = str(event.eventData)
                if code not in told.xids and len(told.xids) >= _MOST_CODES:
                    code = _REST
                told.xids[code] = told.xids.get(code, 0) + 1
                told.last[code] = self._wall()
            elif event.eventType in _OTHERS:
                name = _OTHERS[event.eventType]
                told.events[name] = told.events.get(name, 0) + 1


def _address(handle: Any) -> int | None:
    return ctypes.cast(handle, ctypes.c_void_p).value


def _samples(label: str, told: _Told) -> Iterator[Sample]:
    for code, count in told.xids.items():
        yield XID(count, gpu=label, code=code)
    for code, moment in told.last.items():
        yield XID_LAST(moment, gpu=label, code=code)
    for name, count in told.events.items():
        yield EVENTS(count, gpu=label, event=name)

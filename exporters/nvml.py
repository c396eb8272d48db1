"""NVML, opened once and shared by everything that reads GPUs; each GPU keeps its label whatever happens to the others.

Source: libnvidia-ml.so.1 through nvidia-ml-py, whose calls are thread-safe and may hang in the driver: call them only
in a source's own thread. A shutdown is not safe while others call, so it waits for them, and they for it, behind a
gate; who asks a GPU meanwhile is answered by the same GPU of the new opening. What a card cannot say is None. Errors:
`NvmlError`, a SourceError whose `reason` is the name that NVML gives the error (`driver_not_loaded`, `gpu_is_lost`).
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from exporters.gate import BusyError, Gate
from exporters.nvml_error import ABSENT, LIBRARY_MISSING, LOST, OUTLIVED, NvmlError, reason_of
from exporters.nvml_gpu import CHIP, Gpu
from exporters.source import SourceError

LIBRARY = "libnvidia-ml.so.1"


def load_binding() -> Any:
    """The binding, only where there is a library for it: it weighs 5 MB. Errors: NvmlError("library_not_found")."""
    try:
        ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise NvmlError(LIBRARY_MISSING, "its loader") from error
    return importlib.import_module("pynvml")


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Opened:
    """`count`: the GPUs that NVML counts. `refused`: why it would not let us have those that are not in `gpus`."""

    count: int
    gpus: tuple[Gpu, ...]
    refused: frozenset[str]


class Nvml:
    """`open` and `close` belong to one source (`gpu_state`); all others ask `gpus`, which never blocks."""

    def __init__(self, load: Callable[[], Any] = load_binding) -> None:
        self._load = load
        self._gate = Gate()
        self._binding: Any = None
        self._handles: dict[str, Any] = {}
        self._gpus: tuple[Gpu, ...] = ()
        self._labels: dict[str, str] = {}
        self._farewells: list[Callable[[], None]] = []
        self.openings = 0  # what a source made in an earlier one is gone
        self.when_seen: Callable[[], object] = _nothing  # called once, when the first GPU is there to be asked
        self.when_outlived: Callable[[], object] = _nothing  # likewise, when only a new process can read the driver
        self.is_outlived = False

    @property
    def binding(self) -> Any:
        """None while NVML is not open."""
        return self._binding

    def gpus(self) -> tuple[Gpu, ...]:
        """Those that can be asked now."""
        return tuple(gpu for gpu in self._gpus if not gpu.lost.is_set())

    def has_seen_any(self) -> bool:
        return bool(self._labels)

    def labels(self) -> tuple[str, ...]:
        """Of every GPU that was ever seen."""
        return tuple(self._labels.values())

    def handle(self, uuid: str) -> Any:
        try:
            return self._handles[uuid]
        except KeyError:
            raise NvmlError("uninitialized", f"whoever asks for {uuid}, which it does not have open") from None

    @contextmanager
    def held(self) -> Iterator[Any]:
        """The binding, open until the end of the block. Errors: NvmlError where it is not."""
        try:
            self._gate.enter()
        except BusyError as error:
            raise NvmlError("timeout", "who asks while it is opened anew") from error
        try:
            if self._binding is None:
                raise NvmlError("uninitialized", "who asks while it is not open")
            yield self._binding
        finally:
            self._gate.leave()

    def ask(self, function: str, *arguments: Any) -> Any:
        """What `nvml<function>` says; None when that cannot be said."""
        with self.held() as binding:
            try:
                return getattr(binding, f"nvml{function}")(*arguments)
            except binding.NVMLError as error:
                if reason_of(error) in ABSENT:
                    return None
                raise NvmlError(reason_of(error), f"nvml{function}") from error

    def before_close(self, farewell: Callable[[], None]) -> None:
        """For who has made something that does not outlive this opening. To be called, and is called, while held."""
        self._farewells.append(farewell)

    def open(self) -> Opened:
        """Opens NVML, anew if need be. Errors: NvmlError, then it is closed; BusyError while a call hangs, then all is
        as it was.
        """
        had_seen_any = self.has_seen_any()
        try:
            opened = self._open_alone()
        except NvmlError as error:
            if error.reason == OUTLIVED and self.openings and not self.is_outlived:
                self.is_outlived = True
                self.when_outlived()
            raise
        if self.has_seen_any() and not had_seen_any:
            self.when_seen()
        return opened

    def _open_alone(self) -> Opened:
        with self._gate.alone():
            self._end()
            try:
                binding, count = self._begin()
            except NvmlError:
                self._gpus = ()
                raise
            self._binding = binding
            self.openings += 1
            found = [self._found(binding, index) for index in range(count)]
            self._gpus = tuple(each for each in found if isinstance(each, Gpu))
        return Opened(count, self._gpus, frozenset(each for each in found if isinstance(each, str)))

    def close(self) -> None:
        """Errors: BusyError while a call hangs, then it stays open."""
        with self._gate.alone():
            self._end()
            self._gpus = ()

    def _begin(self) -> tuple[Any, int]:
        binding = self._load()
        call = "nvmlInit"
        try:
            binding.nvmlInit()
            call = "nvmlDeviceGetCount"
            return binding, binding.nvmlDeviceGetCount()
        except binding.NVMLError as error:
            if call != "nvmlInit":
                with suppress(binding.NVMLError):
                    binding.nvmlShutdown()
            raise NvmlError(reason_of(error), call) from error

    def _end(self) -> None:
        binding, self._binding = self._binding, None
        farewells, self._farewells = self._farewells, []
        self._handles = {}
        if binding is None:
            return
        for farewell in farewells:
            with suppress(binding.NVMLError, SourceError):  # the driver may have gone already
                farewell()
        with suppress(binding.NVMLError):
            binding.nvmlShutdown()

    def _found(self, binding: Any, index: int) -> Gpu | str:
        """A GPU, or why there is none. One that is lost is not handed out only to be found lost by everybody."""
        try:
            handle = binding.nvmlDeviceGetHandleByIndex(index)
            uuid = binding.nvmlDeviceGetUUID(handle)
        except binding.NVMLError as error:
            return reason_of(error)
        gpu = Gpu(self, binding, self._label(uuid, index), uuid)
        try:
            binding.nvmlDeviceGetTemperature(handle, CHIP)
        except binding.NVMLError as error:
            if reason_of(error) in LOST:
                return reason_of(error)
        self._handles[uuid] = handle
        return gpu

    def _label(self, uuid: str, index: int) -> str:
        """NVML's own number at first sight: it moves up when a GPU before it falls off the bus, a label does not."""
        if uuid not in self._labels:
            taken = set(self._labels.values())
            free = (str(number) for number in (index, *range(len(taken) + 1)))
            self._labels = self._labels | {uuid: next(label for label in free if label not in taken)}
        return self._labels[uuid]

"""A simulated libnvidia-ml, for the unmodified binding: an object whose attributes are called like the C functions.

It answers from a scenario at the moment of `clock` (seconds; the scenario begins when this is made). As in the real
one, functions return a code, results go through references, handles are worth nothing after a shutdown, and nobody but
`nvmlInit` answers before it. Everything may be changed while it runs (`lose`, `hang`, `fail`, `plug`, `send`), from any
thread. What a driver is not documented to do is told in a comment as our guess.
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ragpulse.demo.gpu import calls
from ragpulse.demo.gpu.answers import INVALID_ARGUMENT, Refusal, address, code_of, give, parts
from ragpulse.demo.gpu.device import Device
from ragpulse.demo.gpu.events import Events
from ragpulse.demo.gpu.load import Load, Phase
from ragpulse.demo.gpu.scenario import Scenario, whole

_UNINITIALIZED, _GPU_IS_LOST = 1, 15
_NO_LOAD = Load([{"seconds": 1.0}])
_ALWAYS = ("nvmlInitWithFlags", "nvmlInit_v2", "nvmlShutdown", "nvmlErrorString")


class Hang:
    """A call that does not return. `entered` is set once somebody is in it; `inside` are the names of their threads."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.release = threading.Event()
        self.inside: set[str] = set()

    def wait(self) -> None:
        self.inside.add(threading.current_thread().name)
        self.entered.set()
        self.release.wait()


class NvmlLibrary:
    def __init__(self, scenario: Scenario, clock: Callable[[], float] = time.monotonic) -> None:
        scenario = whole(scenario)
        self.scenario = scenario
        self.calls: Counter[str] = Counter()
        self.asked: set[tuple[str, tuple[int, ...]]] = set()  # of devices: function or "field", and what it was asked
        self.init_error: str | None = scenario.get("init")  # what nvmlInit answers
        self.fault: str | None = None  # what every other call answers
        self.absent: set[str] = set(scenario.get("absent", ()))  # functions that an older driver does not have
        self.opened = 0
        self.guard = threading.RLock()
        self._clock = clock
        self._began = clock()
        self._zero = int(scenario.get("stamps", {}).get("zero", 0))
        # Those in the machine, and those that NVML found when it was opened: it does not look again until then.
        self.plugged = [Device(told, self._zero) for told in scenario["devices"]]
        self.devices: list[Device] = []
        self.events = Events(self, scenario.get("events", ()))
        self._hangs: dict[str, Hang] = {name: Hang() for name in scenario.get("hangs", ())}
        self._failures: dict[str, list[int]] = {}
        self._handles: dict[int, Device] = {}
        self._numbers: dict[int, int] = {}
        self._next_handle = 0x1000
        self.gpm_samples: dict[int, tuple[Device, float] | None] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if not name.startswith("nvml") or name in self.__dict__.get("absent", ()):
            raise AttributeError(name)

        def function(*arguments: Any) -> Any:
            return self._call(name, arguments)

        # A function of its own each time that the binding asks, for it hangs attributes on it (`restype`).
        return function

    # What a test or the demo may change.

    def now(self) -> float:
        return self._clock() - self._began

    def lose(self, index: int) -> None:
        self.plugged[index].lost_from = -math.inf

    def find(self, index: int) -> None:
        self.plugged[index].lost_from = math.inf

    def plug(self, told: dict[str, Any], index: int | None = None) -> None:
        """Seen when NVML is opened the next time (our guess: NVML documents no other way to see a new device)."""
        self.plugged.insert(len(self.plugged) if index is None else index, Device(told, self._zero))

    def unplug(self, index: int) -> None:
        """As `plug`; until then the device is lost."""
        self.plugged.pop(index).lost_from = -math.inf

    def set_answer(self, index: int, function: str, answer: Any) -> None:
        self.plugged[index].answers[function] = answer

    def set_field(self, index: int, field: int, answer: Any) -> None:
        self.plugged[index].fields[str(field)] = answer

    def set_load(self, index: int, phases: Sequence[Phase]) -> None:
        """From now on; what was counted until now stands."""
        device = self.plugged[index]
        load = Load(phases, since=self.now(), before=device.load)
        for each in device.everybody():
            each.load = load

    def hang(self, function: str) -> Hang:
        """From now on calls of it do not return until `release` is set."""
        return self._hangs.setdefault(function, Hang())

    def let_go(self, function: str) -> None:
        self._hangs.pop(function).release.set()

    def hung(self) -> set[str]:
        """The names of all threads that hang in a call."""
        return {thread for hang in list(self._hangs.values()) for thread in hang.inside}

    def let_all_go(self) -> None:
        for function in list(self._hangs):
            self.let_go(function)

    def fail(self, function: str, error: str, *, after: int = 0) -> None:
        """The next call of `function` but `after` many answers `error`, the one after it as before."""
        self._failures[function] = [0] * after + [code_of(error)]

    def send(self, index: int, kind: int, data: int) -> None:
        """An event: of `kind` 8 (XID) with the code as `data`, for one."""
        self.events.send(self.now(), self.plugged[index], kind, data)

    # What the calls use.

    def handle_of(self, device: Device) -> int:
        with self.guard:
            key = id(device)
            if key not in self._numbers:
                self._next_handle += 0x10
                self._numbers[key], self._handles[self._next_handle] = self._next_handle, device
            return self._numbers[key]

    def device_of(self, handle: Any) -> Device:
        """Errors: Refusal."""
        device = self._handles.get(address(handle))
        if device is None:
            raise Refusal(INVALID_ARGUMENT)
        if self.is_lost(device):
            raise Refusal(_GPU_IS_LOST)
        return device

    def is_lost(self, device: Device) -> bool:
        return (device.parent or device).lost_from <= self.now()

    def open(self) -> None:
        """Errors: Refusal."""
        if self.init_error is not None:
            raise Refusal(code_of(self.init_error))
        with self.guard:
            if not self.opened:
                self.devices = list(self.plugged)
            self.opened += 1

    def close(self) -> None:
        with self.guard:
            self.opened -= 1
            if not self.opened:
                self.devices = []
                self._handles.clear()
                self._numbers.clear()
                self.gpm_samples.clear()
                self.events.close()

    def _call(self, name: str, arguments: Sequence[Any]) -> Any:
        self.calls[name] += 1
        if (hang := self._hangs.get(name)) is not None:
            hang.wait()
        try:
            if (failures := self._failures.get(name)) and (code := failures.pop(0)):
                raise Refusal(code)  # noqa: TRY301 - one way out for all refusals
            if name not in _ALWAYS:
                self._require_open()
            special = calls.SPECIAL.get(name)
            if special is not None:
                return special(self, *arguments)
            if name.startswith("nvmlSystem"):
                return give(self.scenario.get("system", {}).get(name), arguments, _NO_LOAD, 0.0)
            device = self.device_of(arguments[0])
            self.asked.add((name, parts(arguments[1:])[0]))
            return give(device.answers.get(name), arguments[1:], device.load, self.now())
        except Refusal as refusal:
            return refusal.code

    def _require_open(self) -> None:
        if not self.opened:
            raise Refusal(_UNINITIALIZED)
        if self.fault is not None:
            raise Refusal(code_of(self.fault))

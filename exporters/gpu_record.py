"""`ragpulse agent --record FILE`: what the GPUs of this machine answer over a while, as a scenario file.

A scenario replays in tests and in the demo as if the hardware were there. Nothing in it tells whose machine it is: GPUs
and processes are numbered anew, and neither serial number, place on the bus, host nor the name of a process is written.
Errors: NvmlError where no GPU opens; OSError for a file that cannot be written.
"""

import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from exporters import gpu_replay
from exporters.clocks import MACHINE, Clock
from exporters.gpm import Gpm
from exporters.gpu_calls import error_named
from exporters.gpu_look import Look, Watch, instance, parts, system
from exporters.kernel_files import KernelFiles
from exporters.nvml import Nvml
from exporters.nvml_error import NvmlError
from exporters.nvml_gpu import Gpu
from ragpulse import __version__, atomic

SECONDS = 60.0
_EVERY = 1.0
_MICROSECONDS = 1e6
_NEAR = 60.0  # seconds between a stamp and the clock that it is taken from
_MEMORY = (
    "MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapTotal", "SwapFree",
    "HugePages_Total", "HugePages_Free", "Hugepagesize",
)  # fmt: skip
_RUNNING = {"compute": "GetComputeRunningProcesses_v3", "graphics": "GetGraphicsRunningProcesses_v3"}
_NO_INSTANCE = 0xFFFFFFFF
_FIRST_PID = 1001
_MOST_INSTANCES = 16
_SHARES = {"sm": "smUtil", "memory_util": "memUtil", "enc": "encUtil", "dec": "decUtil"}
_SHARES_PERIOD = 1.0
_EMPTY = "unknown"  # what the binding makes of a success without a single sample


class Recorder:
    """Of an open `nvml`. `bases`: the clocks that a driver may stamp its samples with, by their name in a scenario."""

    def __init__(
        self,
        nvml: Nvml,
        *,
        root: Path = Path("/"),
        clock: Clock = MACHINE.awake,
        sleep: Callable[[float], None] = time.sleep,
        bases: dict[str, Clock] | None = None,
    ) -> None:
        self._nvml = nvml
        self._files = KernelFiles(root)
        self._clock = clock
        self._sleep = sleep
        self._bases = bases or {"epoch": MACHINE.wall, "boot": MACHINE.since_boot}
        self._pids: dict[int, int] = {}

    def record(self, seconds: float) -> dict[str, Any]:
        """A scenario of all GPUs that are open."""
        gpus = self._nvml.gpus()
        if not gpus:
            raise NvmlError("not_found", "its devices: it has none that opens")
        began = self._clock()
        bases = {name: base() for name, base in self._bases.items()}
        gpm = Gpm(self._nvml, self._clock)
        watches = [Watch(gpu, gpm, self._clock) for gpu in gpus]
        seen = self._watch(watches, began, seconds)
        base, zero = _stamps(seen, began, bases)
        devices = [
            self._device(number, watch, looks, zero)
            for number, (watch, looks) in enumerate(zip(watches, seen, strict=True))
        ]
        memory = self._files.table("proc/meminfo")
        return {
            "about": ", ".join(sorted({str(device["answers"]["nvmlDeviceGetName"]) for device in devices})),
            "origin": f"recorded by ragpulse {__version__} over {seconds:g} s, identifiers masked",
            "node": {name: memory[name] for name in _MEMORY if name in memory},
            "system": system(self._nvml),
            "stamps": {"base": base, "zero": zero},
            "devices": devices,
        }

    def _watch(self, watches: Sequence[Watch], began: float, seconds: float) -> list[list[Look]]:
        seen: list[list[Look]] = [[] for _ in watches]
        while True:
            for watch, looks in zip(watches, seen, strict=True):
                looks.append(watch.look())
            passed = self._clock() - began
            if passed >= seconds:
                return seen
            self._sleep(min(_EVERY - passed % _EVERY, seconds - passed))

    def _device(self, number: int, watch: Watch, looks: Sequence[Look], zero: int) -> dict[str, Any]:
        load = gpu_replay.Load([look.at - looks[0].at for look in looks])
        told = gpu_replay.answers(looks, load)
        told["answers"]["nvmlDeviceGetUUID"] = _uuid("GPU", number)
        shares, share_of = self._shares(watch.gpu)
        told["answers"]["nvmlDeviceGetProcessUtilization"] = shares
        device: dict[str, Any] = {**told, "samples": gpu_replay.buffers(looks, zero, load)}
        device["processes"] = self._processes(watch.gpu, share_of)
        if (activity := gpu_replay.activity(looks, None, load)) is not None:
            device["gpm"] = activity
        for index, part in enumerate(parts(watch.gpu)):
            told = instance(part)
            told["answers"]["nvmlDeviceGetUUID"] = _uuid("MIG", number * _MOST_INSTANCES + index)
            if part.leads and (activity := gpu_replay.activity(looks, part.gpu_instance, load)) is not None:
                told["gpm"] = activity
            device.setdefault("mig", []).append(told)
        device["load"] = load.phases
        return device

    def _processes(self, gpu: Gpu, share_of: dict[int, dict[str, int]]) -> list[dict[str, Any]] | str:
        found = []
        for kind, function in _RUNNING.items():
            try:
                running, reason = gpu.ask_why(function)
            except NvmlError as error:
                running, reason = None, error.reason
            if running is None:
                return error_named(reason or "unknown")
            for process in running:
                told = {"pid": self._pid(process.pid), "kind": kind, "memory": process.usedGpuMemory}
                if process.gpuInstanceId != _NO_INSTANCE:
                    told |= {"gpu_instance": process.gpuInstanceId, "compute_instance": process.computeInstanceId}
                found.append(told | share_of.get(process.pid, {"sm": None}))
        return found

    def _shares(self, gpu: Gpu) -> tuple[Any, dict[int, dict[str, int]]]:
        """How the driver answers, and the newest shares of time by pid."""
        try:
            found, reason = gpu.ask_why("GetProcessUtilization", 0)
        except NvmlError as error:
            found, reason = None, error.reason
        if found is None and reason not in {"not_found", _EMPTY}:
            return error_named(reason or "unknown"), {}
        newest = {
            sample.pid: {name: getattr(sample, member) for name, member in _SHARES.items()}
            for sample in sorted(found or (), key=lambda sample: sample.timeStamp)
        }
        return {"period": _SHARES_PERIOD, "empty": 6 if reason == "not_found" else 0}, newest

    def _pid(self, pid: int) -> int:
        return self._pids.setdefault(pid, _FIRST_PID + len(self._pids))


def write(file: Path, scenario: dict[str, Any]) -> None:
    """Errors: OSError."""
    atomic.write(file, _text(scenario) + "\n")


def _text(scenario: dict[str, Any]) -> str:
    """Indented, but for the phases of a load: one line each."""
    phases: list[str] = []

    def short(device: dict[str, Any]) -> dict[str, Any]:
        first = len(phases)
        phases.extend(json.dumps(phase) for phase in device["load"])
        return {**device, "load": [f"@{number}" for number in range(first, len(phases))]}

    text = json.dumps({**scenario, "devices": [short(device) for device in scenario["devices"]]}, indent=1)
    return re.sub(r'"@(\d+)"', lambda found: phases[int(found[1])], text)


def _uuid(kind: str, number: int) -> str:
    return f"{kind}-00000000-0000-4000-8000-{number:012d}"


def _stamps(seen: Sequence[Sequence[Look]], began: float, bases: dict[str, float]) -> tuple[str, int]:
    """Which clock stamps are of, and the stamp of the moment when the recording began."""
    found = [
        max(stamp for stamp, _ in samples) / _MICROSECONDS - (look.at - began)
        for looks in seen
        for look in looks
        for samples in look.samples.values()
        if samples and not isinstance(samples, str)
    ]
    if not found:
        return "unknown", 0
    begin = max(found)  # a stamp is always a little old: the youngest tells best when its clock began
    name, at = min(bases.items(), key=lambda base: abs(base[1] - begin))
    return (name, round(at * _MICROSECONDS)) if abs(at - begin) < _NEAR else ("unknown", round(begin * _MICROSECONDS))

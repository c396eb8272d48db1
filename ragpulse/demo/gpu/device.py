"""One simulated device, or one MIG instance of it: what it answers at a moment. Times in seconds of the scenario."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from ragpulse.demo.gpu.answers import NOT_SUPPORTED, Refusal, chosen, code_of, whole
from ragpulse.demo.gpu.load import Course, Load, number
from ragpulse.demo.gpu.scenario import ERROR

_STILL = [{"seconds": 1.0}]
_MICROSECONDS = 1_000_000
_NO_DATA = 21
# Where the values of a buffer and of a field stand: nvmlValueType_t and the member of the union.
VALUE_TYPES = {
    "double": (0, "dVal"), "uint": (1, "uiVal"), "ulong": (2, "ulVal"), "ullong": (3, "ullVal"),
    "llong": (4, "sllVal"), "int": (5, "siVal"), "ushort": (6, "usVal"),
}  # fmt: skip


class Device:
    """`zero`: the driver's microseconds at the scenario's begin."""

    def __init__(self, told: dict[str, Any], zero: int, parent: "Device | None" = None) -> None:
        self.answers: dict[str, Any] = told.get("answers", {})
        self.fields: dict[str, Any] = told.get("fields", {})
        self.buffers: dict[str, Any] = told.get("samples", {})
        self.processes: Any = told.get("processes", [])
        self.gpm: dict[str, Any] | None = told.get("gpm")
        self.gpu_instance: int | None = told.get("gpu_instance")
        self.compute_instance: int | None = told.get("compute_instance")
        lost = told.get("lost", False)  # always, never, or from that second on
        self.lost_from = math.inf if lost is False else 0.0 if lost is True else float(lost)
        self.parent = parent
        self.zero = zero
        self.load: Course = Load(told["load"]) if told.get("load") else parent.load if parent else Load(_STILL)
        self.instances = [Device(instance, zero, self) for instance in told.get("mig", [])]

    @property
    def uuid(self) -> str:
        return str(self.answers["nvmlDeviceGetUUID"])

    def stamp(self, at: float) -> int:
        return self.zero + math.floor(at * _MICROSECONDS + 0.5)

    def buffer(self, kind: int, after: int, at: float) -> tuple[int, str, list[tuple[int, int]]]:
        """Value type, member of the union, (stamp, value) since `after`, oldest first. Errors: Refusal."""
        told = chosen(self.buffers.get(str(kind)), ())
        period = told["period"]
        newest = math.floor(at / period + 1e-9)
        found = []
        for index in range(newest, newest - told["depth"], -1):
            stamp = self.stamp(index * period)
            if stamp <= after:
                break
            mean = self.load.mean(told["of"], (index - 1) * period, index * period)
            value = math.floor(mean * told.get("times", 1) + 0.5)
            if value or not told.get("dry_at_idle", False):
                found.append((stamp, value))
        value_type, member = VALUE_TYPES[told.get("type", "uint")]
        return value_type, member, found[::-1]

    def field(self, field_id: int, scope: int, at: float) -> tuple[int, str, float]:
        """Value type, member of the union, value. Errors: Refusal."""
        told = self.fields.get(f"{field_id}@{scope}", self.fields.get(str(field_id)))
        told = chosen(told, ())
        ((kind, value),) = told.items()
        value_type, member = VALUE_TYPES[kind]
        return value_type, member, number(value, self.load, at) if kind == "double" else whole(value, self.load, at)

    def running(self, kind: str) -> list[dict[str, Any]]:
        """Errors: Refusal."""
        if self.processes is None or isinstance(self.processes, str):
            chosen(self.processes, ())
        return [process for process in self.processes if process.get("kind", "compute") == kind]

    def activity(self, metric: int, start: float, end: float) -> float:
        """Of a GPM metric between two samples. Errors: Refusal."""
        told = (self.gpm or {}).get(str(metric))
        if told is None:
            raise Refusal(NOT_SUPPORTED)
        if isinstance(told, str) and told.startswith(ERROR):
            raise Refusal(code_of(told))
        if end <= start:
            raise Refusal(_NO_DATA)
        if isinstance(told, dict):
            return self.load.mean(told["mean"], start, end) * float(told.get("times", 1)) + float(told.get("plus", 0))
        return float(told)

    def everybody(self) -> Iterator["Device"]:
        yield self
        yield from self.instances


def process_samples(
    device: Device, processes: Sequence[dict[str, Any]], period: float, after: int, at: float
) -> list[dict[str, int]]:
    """The newest sample of each process, where it is newer than `after`."""
    stamp = device.stamp(math.floor(at / period + 1e-9) * period)
    if stamp <= after:
        return []
    return [
        {
            "pid": process["pid"],
            "timeStamp": stamp,
            **{
                field: whole(process.get(name, 0), device.load, at)
                for name, field in (
                    ("sm", "smUtil"),
                    ("memory_util", "memUtil"),
                    ("enc", "encUtil"),
                    ("dec", "decUtil"),
                )
            },
        }
        for process in processes
        if process.get("sm") is not None
    ]

"""One look at everything that a GPU answers, as it stands in a scenario file: what `--record` is made of.

Numbers as the driver gives them; what cannot be had is `NVML_ERROR_...`. Errors: none, for an error of the driver is an
answer.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from exporters.clocks import Clock
from exporters.gpm import Gpm
from exporters.gpu_calls import CALLS, FIELDS, SAMPLES, Call, error_named
from exporters.gpu_fields import member
from exporters.gpu_mig import Instance, instances
from exporters.gpu_samples import new_samples
from exporters.nvml import Nvml
from exporters.nvml_error import NvmlError, reason_of
from exporters.nvml_gpu import Gpu

# Structures of which the binding hands out one member alone.
_MEMBER_OF = {"nvmlDeviceGetAddressingMode": "value", "nvmlDeviceGetMarginTemperature": "marginTemperature"}
VALUE_TYPES = ("double", "uint", "ulong", "ullong", "llong", "int", "ushort")  # by nvmlValueType_t
_INSTANCE_CALLS = tuple(
    map(
        Call,
        (
            "nvmlDeviceGetUUID", "nvmlDeviceGetName", "nvmlDeviceGetAttributes_v2",
            "nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMemoryInfo_v2",
        ),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """`section` and `path` say where in a device of a scenario its answer stands."""

    section: str
    path: tuple[str, ...]
    counter: bool = False


@dataclass(slots=True)
class Look:
    at: float
    answers: dict[Question, Any] = field(default_factory=dict)
    samples: dict[int, list[tuple[int, float]] | str] = field(default_factory=dict)
    # By GPU instance, None for the whole GPU: GPM's metrics by number since the look before; None without GPM.
    activity: dict[int | None, dict[int, float] | None] = field(default_factory=dict)


def system(nvml: Nvml) -> dict[str, Any]:
    found = {}
    for function in ("SystemGetDriverVersion", "SystemGetNVMLVersion", "SystemGetCudaDriverVersion_v2"):
        with suppress(NvmlError):
            found[f"nvml{function}"] = nvml.ask(function)
    return found


class Watch:
    """One GPU over several looks: its buffers are read on from where they were, its activity from the look before."""

    def __init__(self, gpu: Gpu, gpm: Gpm, clock: Clock) -> None:
        self.gpu = gpu
        self._gpm = gpm
        self._clock = clock
        self._seen = dict.fromkeys(SAMPLES, 0)

    def look(self) -> Look:
        found = Look(self._clock())
        for question, answer in (*calls(self.gpu, CALLS), *fields(self.gpu)):
            found.answers[question] = answer
        for kind in SAMPLES:
            found.samples[kind] = self._new_samples(kind)
        found.activity[None] = self._activity(self.gpu.uuid)
        for instance in parts(self.gpu):
            if instance.leads:
                found.activity[instance.gpu_instance] = self._activity(instance.uuid, instance.gpu_instance)
        return found

    def _new_samples(self, kind: int) -> list[tuple[int, float]] | str:
        try:
            found = new_samples(self.gpu, kind, self._seen[kind])
        except NvmlError as error:
            return error_named(error.reason)
        if found is None:
            return error_named("not_supported")
        if found:
            self._seen[kind] = max(stamp for stamp, _ in found)
        return found

    def _activity(self, uuid: str, instance: int | None = None) -> dict[int, float] | None:
        with suppress(NvmlError):
            if self._gpm.is_supported(self.gpu):
                found = self._gpm.since_last(self.gpu, uuid, instance)
                return found.by_metric() if found else {}
        return None


def parts(gpu: Gpu) -> list[Instance]:
    """The MIG instances that it is cut into; none where that cannot be said."""
    with suppress(NvmlError), gpu.nvml.held():
        return instances(gpu)
    return []


def instance(part: Instance) -> dict[str, Any]:
    """What a scenario says of an instance, but for its activity."""
    return {
        "gpu_instance": part.gpu_instance,
        "compute_instance": part.ask("GetComputeInstanceId"),
        "answers": {question.path[0]: answer for question, answer in calls(part, _INSTANCE_CALLS)},
        "processes": [],
    }


def calls(gpu: Gpu, wanted: Iterable[Call]) -> Iterable[tuple[Question, Any]]:
    for call in wanted:
        path = (call.function, *map(str, call.asked))
        try:
            answer, reason = call.ask(gpu)
        except NvmlError as error:
            answer, reason = None, error.reason
        yield (
            Question("answers", path, call.counter),
            _told(call.function, answer) if reason is None else error_named(reason),
        )


def _told(function: str, answer: Any) -> Any:
    if function in _MEMBER_OF:
        return {_MEMBER_OF[function]: answer}
    if hasattr(answer, "_fields_"):
        named = {name: getattr(answer, name) for name, *_ in answer._fields_ if name != "version"}
        return {name: value.decode() if isinstance(value, bytes) else value for name, value in named.items()}
    if isinstance(answer, tuple):
        return list(answer)
    return answer.decode() if isinstance(answer, bytes) else answer


def fields(gpu: Gpu) -> Iterable[tuple[Question, Any]]:
    try:
        found, reason = gpu.ask_why("GetFieldValues", [field.wanted for field in FIELDS])
    except NvmlError as error:
        found, reason = None, error.reason
    for index, asked in enumerate(FIELDS):
        question = Question("fields", (str(asked.number), str(asked.scope)), asked.counter)
        if found is None:
            yield question, error_named(reason or "unknown")
        elif found[index].nvmlReturn:
            yield question, error_named(reason_of(gpu.binding.NVMLError(found[index].nvmlReturn)))
        else:
            kind = found[index].valueType
            name = VALUE_TYPES[kind] if 0 <= kind < len(VALUE_TYPES) else "ullong"
            yield question, {name: getattr(found[index].value, member(kind))}

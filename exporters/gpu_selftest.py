"""`ragpulse agent --self-test`: how each question of ours is answered here, and what it costs, as a table to paste.

Microseconds are the median of several askings, through the binding. No answer is shown that tells whose machine it is.
Errors: NvmlError when NVML cannot be opened.
"""

import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from exporters.clocks import MACHINE, Clock
from exporters.gpm import Gpm
from exporters.gpu_calls import CALLS, FIELDS, SAMPLES, Call, Field
from exporters.gpu_fields import ALL_LINKS
from exporters.gpu_look import system
from exporters.gpu_samples import new_samples
from exporters.nvml import Nvml, Opened
from exporters.nvml_error import NvmlError, reason_of
from exporters.nvml_gpu import Gpu
from ragpulse import __version__

_TIMES = 20
_BETWEEN_SAMPLES = 1.0  # seconds between two GPM samples, and between two reads of a buffer
_MICROSECONDS = 1e6
_NEAR = 60.0
_WORKS = "works"
Row = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Clocks:
    cost: Clock = time.perf_counter
    awake: Clock = MACHINE.awake
    sleep: Callable[[float], None] = time.sleep
    epoch: Clock = MACHINE.wall
    boot: Clock = MACHINE.since_boot


class SelfTest:
    def __init__(self, nvml: Nvml, clocks: Clocks | None = None) -> None:
        self._nvml = nvml
        self._clocks = clocks or Clocks()

    def lines(self) -> Iterator[str]:
        """Markdown, each line as soon as it is known: a call that hangs is the one after the last line."""
        began = self._clocks.cost()
        opened = self._nvml.open()
        opening = self._clocks.cost() - began
        try:
            yield from self._about(opened, opening)
            for gpu in _one_of_each(self._nvml.gpus()):
                yield from self._table(gpu)
        finally:
            self._nvml.close()

    def _about(self, opened: Opened, opening: float) -> Iterator[str]:
        versions = system(self._nvml)
        yield f"ragpulse {__version__}, {platform.system()} {platform.release()} {platform.machine()}"
        yield ", ".join(f"{name.removeprefix('nvmlSystemGet')} {value}" for name, value in versions.items())
        refused = "".join(f", {_words(reason)}" for reason in sorted(opened.refused))
        yield f"{opened.count} GPUs, of which {len(opened.gpus)} open{refused}; opening took {opening * 1e3:.1f} ms"

    def _table(self, gpu: Gpu) -> Iterator[str]:
        yield ""
        yield f"GPU {gpu.label}: {_said(gpu, 'GetName')}"
        yield ""
        yield "| question | answer | µs |"
        yield "|---|---|---:|"
        for rows in (self._calls, self._fields, self._buffers, self._processes, self._activity, self._events):
            for question, answer, cost in rows(gpu):
                yield f"| {question} | {answer} | {cost} |"

    def _calls(self, gpu: Gpu) -> Iterator[Row]:
        for call in filter(_is_first, CALLS):
            yield self._row(call.name, partial(_call, gpu, call))

    def _fields(self, gpu: Gpu) -> Iterator[Row]:
        """Each by itself, and all at once."""
        for field in filter(_is_first, FIELDS):
            yield self._row(f"field {field.number} ({field.name})", partial(_field, gpu, field.wanted))
        wanted = [field.wanted for field in FIELDS]
        yield self._row(f"all {len(wanted)} fields at once", partial(_named, gpu, "GetFieldValues", wanted))

    def _buffers(self, gpu: Gpu) -> Iterator[Row]:
        for kind, name in SAMPLES.items():
            question = f"samples of {name}"
            try:
                found = new_samples(gpu, kind, 0)
            except NvmlError as error:
                yield question, error.reason, ""
                continue
            if found is None:
                yield question, "not supported", ""
                continue
            _, _, cost = self._row(question, partial(_samples, gpu, kind))
            yield question, self._buffer(found), cost

    def _buffer(self, found: Sequence[tuple[int, float]]) -> str:
        if not found:
            return "works, nothing recorded (idle?)"
        steps = sorted((after - before) / _MICROSECONDS for (before, _), (after, _) in pairwise(found))
        period = f"every {statistics.median(steps) * 1e3:.1f} ms" if steps else "one"
        newest = found[-1][0] / _MICROSECONDS
        bases = {"the epoch": self._clocks.epoch(), "boot": self._clocks.boot()}
        base, now = min(bases.items(), key=lambda base: abs(base[1] - newest))
        since = base if abs(now - newest) < _NEAR else "an unknown moment"
        return f"works: {len(found)} kept, {period}, stamped since {since}"

    def _processes(self, gpu: Gpu) -> Iterator[Row]:
        for function in ("GetComputeRunningProcesses_v3", "GetGraphicsRunningProcesses_v3"):
            yield self._row(f"nvmlDevice{function}", partial(_named, gpu, function))
        yield self._row("nvmlDeviceGetProcessUtilization", partial(_shares, gpu))

    def _activity(self, gpu: Gpu) -> Iterator[Row]:
        question = "activity (GPM)"
        gpm = Gpm(self._nvml, self._clocks.awake)
        try:
            if not gpm.is_supported(gpu) or gpm.since_last(gpu, gpu.uuid) is None:
                yield question, "not supported", ""
                return
            self._clocks.sleep(_BETWEEN_SAMPLES)
            began = self._clocks.cost()
            found = gpm.since_last(gpu, gpu.uuid)
            cost = self._clocks.cost() - began
        except NvmlError as error:
            yield question, _words(error.reason), ""
            return
        if found is None or not found.ratios:
            yield question, "supported, but no sample has a value", ""
            return
        links = dict.fromkeys(link for link, _ in found.flows)
        yield f"{question}: {', '.join((*found.ratios, *links))}", _WORKS, f"{cost * 1e6:.1f}"

    def _events(self, gpu: Gpu) -> Iterator[Row]:
        question = "XID events"
        try:
            with self._nvml.held() as binding:
                events = self._nvml.ask("EventSetCreate")
                if events is None:
                    yield question, "not supported", ""
                    return
                try:
                    reason = gpu.ask_why("RegisterEvents", binding.nvmlEventTypeXidCriticalError, events)[1]
                finally:
                    self._nvml.ask("EventSetFree", events)
        except NvmlError as error:
            reason = error.reason
        yield question, _WORKS if reason is None else _words(reason), ""

    def _row(self, question: str, ask: Callable[[], str | None]) -> Row:
        costs = []
        for _ in range(_TIMES):
            began = self._clocks.cost()
            try:
                reason = ask()
            except NvmlError as error:
                reason = error.reason
            costs.append(self._clocks.cost() - began)
        answer = _WORKS if reason is None else _words(reason)
        return question, answer, f"{statistics.median(costs) * 1e6:.1f}"


def _one_of_each(gpus: Sequence[Gpu]) -> list[Gpu]:
    """Alike GPUs answer alike; but one that is cut into MIG instances is another."""
    found: dict[Any, Gpu] = {}
    for gpu in gpus:
        found.setdefault((_said(gpu, "GetName"), _said(gpu, "GetMigMode")), gpu)
    return list(found.values())


def _is_first(question: Call | Field) -> bool:
    """Of many links the first stands for all."""
    if isinstance(question, Field):
        return question.scope in (0, ALL_LINKS)
    return question.function != "nvmlDeviceGetNvLinkState" or question.asked == (0,)


def _said(gpu: Gpu, function: str) -> str:
    try:
        return str(gpu.ask(function))
    except NvmlError as error:
        return error.reason


def _call(gpu: Gpu, call: Call) -> str | None:
    return call.ask(gpu)[1]


def _named(gpu: Gpu, function: str, *arguments: Any) -> str | None:
    return gpu.ask_why(function, *arguments)[1]


def _field(gpu: Gpu, wanted: Any) -> str | None:
    found, reason = gpu.ask_why("GetFieldValues", [wanted])
    if found is None or not found[0].nvmlReturn:
        return reason
    return reason_of(gpu.binding.NVMLError(found[0].nvmlReturn))


def _samples(gpu: Gpu, kind: int) -> str | None:
    return "not_supported" if new_samples(gpu, kind, 0) is None else None


def _shares(gpu: Gpu) -> str | None:
    """The binding makes an error of a success without samples, which it calls unknown."""
    try:
        return gpu.ask_why("GetProcessUtilization", 0)[1]
    except NvmlError as error:
        if error.reason in {"unknown", "not_found"}:
            return None
        raise


def _words(reason: str) -> str:
    return reason.replace("_", " ")

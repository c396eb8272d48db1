"""The one way to make a sample: call a catalogue entry, which checks its labels.

A `Metric` is declared once in `ragpulse/catalogue/`. Calling it gives a `Sample`; `line` renders a sample in the
Prometheus text format 0.0.4. Values are floats in base units. Errors: `MetricError` for wrong labels or kind.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from prometheus_client import utils

Kind = Literal["gauge", "counter", "histogram"]

# Edges of our own latency histograms: dense around the 100 ms target, which is one of them.
LATENCY_EDGES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_NAME = re.compile(r"ragpulse_[a-z][a-z0-9]*(_[a-z0-9]+)*")


class MetricError(ValueError):
    """A sample that the catalogue does not allow."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series. `labels` stand in the order of `metric.labels`; `le` only on histogram buckets."""

    metric: "Metric"
    value: float
    labels: tuple[str, ...] = ()
    suffix: str = ""
    le: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric family: name, kind, help and the label names that every sample of it must carry."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise MetricError(f"{self.name} does not follow ragpulse_<subject>_<what>_<unit>")
        if (self.kind == "counter") != self.name.endswith("_total"):
            raise MetricError(f"{self.name}: counters, and only counters, end in _total")

    def __call__(self, value: float, **labels: str) -> Sample:
        """A sample of a gauge or counter."""
        if self.kind == "histogram":
            raise MetricError(f"{self.name} is a histogram: use buckets()")
        return Sample(self, float(value), self._label_values(labels))

    def buckets(self, counts: Iterable[tuple[float, float]], total: float, **labels: str) -> Iterator[Sample]:
        """All samples of one histogram: `counts` are (upper edge, cumulative count), +Inf last; `total` is the sum."""
        if self.kind != "histogram":
            raise MetricError(f"{self.name} is a {self.kind}: call it")
        values = self._label_values(labels)
        count = 0.0
        for edge, count in counts:
            yield Sample(self, count, values, "_bucket", number(edge))
        yield Sample(self, total, values, "_sum")
        yield Sample(self, count, values, "_count")

    def _label_values(self, labels: dict[str, str]) -> tuple[str, ...]:
        if len(labels) != len(self.labels):
            raise MetricError(f"{self.name} needs labels {self.labels}, not {tuple(labels)}")
        try:
            return tuple(str(labels[name]) for name in self.labels)
        except KeyError as missing:
            raise MetricError(f"{self.name} needs labels {self.labels}, {missing} is missing") from None


def gauge(name: str, help_text: str, *labels: str) -> Metric:
    return Metric(name, "gauge", help_text, labels)


def counter(name: str, help_text: str, *labels: str) -> Metric:
    return Metric(name, "counter", help_text, labels)


def histogram(name: str, help_text: str, *labels: str) -> Metric:
    return Metric(name, "histogram", help_text, labels)


def one_of(metric: Metric, label: str, choices: Iterable[str], current: str, **labels: str) -> Iterator[Sample]:
    """A 0/1 set: one sample per possible value of `label`, 1 for the current one."""
    for choice in choices:
        yield metric(float(choice == current), **{label: choice}, **labels)


def series(sample: Sample) -> str:
    """The identity of a sample's series as it stands on the page: name and labels."""
    pairs = [f'{name}="{_escape(value)}"' for name, value in zip(sample.metric.labels, sample.labels, strict=True)]
    if sample.le:
        pairs.append(f'le="{_escape(sample.le)}"')
    name = sample.metric.name + sample.suffix
    return f"{name}{{{','.join(pairs)}}}" if pairs else name


def header(metric: Metric) -> str:
    text = metric.help.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {metric.name} {text}\n# TYPE {metric.name} {metric.kind}\n"


def line(sample: Sample) -> str:
    return f"{series(sample)} {number(sample.value)}\n"


def number(value: float) -> str:
    """A float as the text format writes it: `1.0`, `+Inf`, `NaN`."""
    return str(utils.floatToGoString(value))  # type: ignore[no-untyped-call]


def _escape(value: str) -> str:
    # A lone surrogate cannot be encoded and would break the whole page; its code is written out instead, so that two
    # names that differ in one byte (of a file system, say) stay two.
    text = value.encode("utf-8", "backslashreplace").decode()
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

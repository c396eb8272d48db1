"""PromQL that can only name what exists: every selector is built from a catalogue entry or a known recorded series.

Used by rules and boards. A label is matched by a string (equal), a tuple (any of these) or a `Pattern` (a regular
expression, for board variables). Errors: PromqlError for a label that the series does not have, or a wrong kind.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ragpulse.catalogue import BY_NAME
from ragpulse.foreign import FOREIGN, TARGET_LABELS
from ragpulse.metric import Metric, number
from ragpulse.units import prometheus_duration

AGENT_JOB = "ragpulse-agent"
RELAY_JOB = "relay"

_SLO_LABELS = ("slo", "service", "check", "cluster")
_RECORDED = {
    "slo_good": _SLO_LABELS,
    "slo_total": _SLO_LABELS,
    "slo_value": _SLO_LABELS,
    "slo_met": _SLO_LABELS,
    "slo_watched": _SLO_LABELS,
    "slo_objective": _SLO_LABELS,
    "slo_errors": _SLO_LABELS,
    "slo_events": _SLO_LABELS,
    "slo_burn": _SLO_LABELS,
    "slo_attained": _SLO_LABELS,
    "slo_measured": _SLO_LABELS,
    "slo_budget_left": _SLO_LABELS,
    "slo_exhaustion": _SLO_LABELS,
    "cluster_available": ("cluster",),
    "cluster_attained": ("cluster",),
    "component_state": ("component", "kind", "cluster"),
    "target_expected": ("job", "node", "cluster"),
}
_OUR_NAMES = re.compile(r"ragpulse_[a-z0-9_]+")
_REGEX_CHARACTERS = re.compile(r"([.+*?()|\[\]{}^$\\])")


class PromqlError(ValueError):
    """An expression that could never match anything."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression, or a board variable that becomes one."""

    text: str


Matcher = str | tuple[str, ...] | Pattern
Window = float | str  # seconds, or a variable of Grafana's


def instant(metric: Metric, /, **labels: Matcher) -> str:
    """The current value of a gauge or counter."""
    if metric.kind == "histogram":
        raise PromqlError(f"{metric.name} is a histogram: it has no value of its own")
    return _selector(metric.name, (*metric.labels, *TARGET_LABELS), labels)


def instants(*metrics: Metric) -> str:
    """The current values of several gauges or counters at once; each series keeps its name."""
    return _named(instant(metric) for metric in metrics)


def earlier(metric: Metric, ago: float, **labels: Matcher) -> str:
    """What a gauge was `ago` seconds before."""
    return f"{_gauge(metric, labels)} offset {_duration(ago)}"


def rate(metric: Metric, window: Window, **labels: Matcher) -> str:
    """Growth per second of a counter."""
    return f"rate({_counter(metric, labels)}[{_duration(window)}])"


def increase(metric: Metric, window: Window, **labels: Matcher) -> str:
    """Growth of a counter over the window."""
    return f"increase({_counter(metric, labels)}[{_duration(window)}])"


def lowest(metric: Metric, window: Window, **labels: Matcher) -> str:
    """The least that a gauge was over the window."""
    return f"min_over_time({_gauge(metric, labels)}[{_duration(window)}])"


def highest(metric: Metric, window: Window, **labels: Matcher) -> str:
    return f"max_over_time({_gauge(metric, labels)}[{_duration(window)}])"


def average(metric: Metric, window: Window, **labels: Matcher) -> str:
    return f"avg_over_time({_gauge(metric, labels)}[{_duration(window)}])"


def changes(metric: Metric, window: Window, **labels: Matcher) -> str:
    """How often a gauge changed over the window."""
    return f"changes({_gauge(metric, labels)}[{_duration(window)}])"


def forecast(metric: Metric, window: Window, ahead: float, **labels: Matcher) -> str:
    """What a gauge will be in `ahead` seconds if it goes on as over the window."""
    return f"predict_linear({_gauge(metric, labels)}[{_duration(window)}], {ahead:g})"


def growth(metric: Metric, window: Window, **labels: Matcher) -> str:
    """By how much a gauge grows per second, as over the window; below 0 where it shrinks."""
    return f"deriv({_gauge(metric, labels)}[{_duration(window)}])"


def past(metric: Metric, ago: Window, **labels: Matcher) -> str:
    """What a gauge was so long ago; nothing where it did not exist yet."""
    return f"{_gauge(metric, labels)} offset {_duration(ago)}"


def events_rate(metric: Metric, window: Window, **labels: Matcher) -> str:
    """All events per second that a histogram counted."""
    return f"rate({_part(metric, '_count', labels)}[{_duration(window)}])"


def events(metric: Metric, **labels: Matcher) -> str:
    """How many events a histogram has counted."""
    return _part(metric, "_count", labels)


def observed(metric: Metric, **labels: Matcher) -> str:
    """The sum of everything that a histogram has counted."""
    return _part(metric, "_sum", labels)


def bucket_increase(metric: Metric, window: Window, **labels: Matcher) -> str:
    """Events at or below each edge of a histogram, over the window."""
    return f"increase({_part(metric, '_bucket', labels)}[{_duration(window)}])"


def bucket_rate(metric: Metric, edge: float, window: Window, **labels: Matcher) -> str:
    """Events per second at or below one edge of a histogram."""
    # Prometheus 3 stores `1.0` for what 2.x stores as the page has it: `1` or `1.0`.
    spellings = (f"{edge:.0f}", f"{edge:.1f}") if edge.is_integer() else (number(edge),)
    return f"rate({_part(metric, '_bucket', {**labels, 'le': spellings})}[{_duration(window)}])"


def quantile(metric: Metric, share: float, window: Window, by: str, **labels: Matcher) -> str:
    """What that share of a histogram's events stayed below, for each value of the labels `by`."""
    buckets = f"rate({_part(metric, '_bucket', labels)}[{_duration(window)}])"
    return f"histogram_quantile({share:g}, sum by ({by}, le) ({buckets}))"


def mean(metric: Metric, window: Window, by: str, *, ago: float = 0.0, **labels: Matcher) -> str:
    """Of a histogram's events, for each value of the labels `by`, over the window that ended so long ago."""
    when = f"[{_duration(window)}]{f' offset {_duration(ago)}' if ago else ''}"
    total, count = (f"sum by ({by}) (rate({_part(metric, what, labels)}{when}))" for what in ("_sum", "_count"))
    return f"{total} / ({count} > 0)"


def series(name: str, **labels: Matcher) -> str:
    """A recorded series of `ragpulse.recorded`, or one of `ragpulse.foreign`."""
    subject = name.removeprefix("ragpulse:").split(":")[0]
    allowed = FOREIGN.get(name) or (_RECORDED.get(subject) if name.startswith("ragpulse:") else None)
    if allowed is None:
        raise PromqlError(f"{name} is neither recorded nor known of Prometheus or Alertmanager")
    return _selector(name, allowed, labels)


def all_series(*names: str) -> str:
    """Several recorded series at once; each keeps its name."""
    return _named(series(name) for name in names)


def series_rate(name: str, window: Window, **labels: Matcher) -> str:
    """Growth per second of a counter that is not ours."""
    return f"rate({series(_total(name), **labels)}[{_duration(window)}])"


def series_increase(name: str, window: Window, **labels: Matcher) -> str:
    """Growth of a counter that is not ours over the window."""
    return f"increase({series(_total(name), **labels)}[{_duration(window)}])"


def summed_over(name: str, window: Window, **labels: Matcher) -> str:
    """The sum of the samples of a recorded series."""
    return f"sum_over_time({series(name, **labels)}[{_duration(window)}])"


def counted_over(name: str, window: Window, **labels: Matcher) -> str:
    """How many samples a recorded series has."""
    return f"count_over_time({series(name, **labels)}[{_duration(window)}])"


def averaged_over(name: str, window: Window, **labels: Matcher) -> str:
    return f"avg_over_time({series(name, **labels)}[{_duration(window)}])"


def changed_over(name: str, window: Window, **labels: Matcher) -> str:
    """How often a series that Prometheus itself makes took another value."""
    return f"changes({series(name, **labels)}[{_duration(window)}])"


def agent_up(**labels: Matcher) -> str:
    """1 or 0 for each agent, as the last scrape found it."""
    return series("up", job=AGENT_JOB, **labels)


def firing(alert: Matcher, **labels: Matcher) -> str:
    return series("ALERTS", alertname=alert, alertstate="firing", **labels)


def fired_within(window: Window, **labels: Matcher) -> str:
    """Alerts that fire, or did within the window."""
    return f"max_over_time({series('ALERTS', alertstate='firing', **labels)}[{_duration(window)}])"


def last_active(window: Window, **labels: Matcher) -> str:
    """Of alerts that fired within the window: since when, in Unix time, each was last true, as it fired or fires."""
    return (
        f"last_over_time({series('ALERTS_FOR_STATE', **labels)}[{_duration(window)}])"
        f" and ignoring (alertstate) {fired_within(window, **labels)}"
    )


def reads_gauge(expression: str) -> bool:
    """Whether an expression looks at a reading of ours, which may be missing for a moment."""
    metrics = (BY_NAME.get(name) for name in _OUR_NAMES.findall(expression))
    return any(metric is not None and metric.kind == "gauge" for metric in metrics)


def _total(name: str) -> str:
    if not name.endswith("_total"):
        raise PromqlError(f"{name} is no counter: only a counter has a rate")
    return name


def _counter(metric: Metric, labels: Mapping[str, Matcher]) -> str:
    if metric.kind != "counter":
        raise PromqlError(f"{metric.name} is a {metric.kind}: only a counter has a rate")
    return _selector(metric.name, (*metric.labels, *TARGET_LABELS), labels)


def _gauge(metric: Metric, labels: Mapping[str, Matcher]) -> str:
    if metric.kind != "gauge":
        raise PromqlError(f"{metric.name} is a {metric.kind}: look at its growth")
    return _selector(metric.name, (*metric.labels, *TARGET_LABELS), labels)


def _part(metric: Metric, suffix: str, labels: Mapping[str, Matcher]) -> str:
    if metric.kind != "histogram":
        raise PromqlError(f"{metric.name} is a {metric.kind}: it has no {suffix}")
    edge = ("le",) if suffix == "_bucket" else ()
    return _selector(metric.name + suffix, (*metric.labels, *edge, *TARGET_LABELS), labels)


def _selector(name: str, allowed: tuple[str, ...], labels: Mapping[str, Matcher]) -> str:
    if unknown := sorted(set(labels) - set(allowed)):
        raise PromqlError(f"{name} has no label {', '.join(unknown)}; it has: {', '.join(allowed)}")
    matchers = ",".join(f"{label}{_match(value)}" for label, value in labels.items())
    return f"{name}{{{matchers}}}" if matchers else name


def _named(names: Iterable[str]) -> str:
    return f"{{__name__{_match(tuple(names))}}}"


def _match(value: Matcher) -> str:
    if isinstance(value, Pattern):
        return f"=~{_quoted(value.text)}"
    if isinstance(value, str):
        return f"={_quoted(value)}"
    if len(value) == 1:
        return f"={_quoted(value[0])}"
    choices = "|".join(_REGEX_CHARACTERS.sub(r"\\\1", choice) for choice in value)
    return f"=~{_quoted(choices)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _duration(window: Window) -> str:
    return window if isinstance(window, str) else prometheus_duration(window)

"""Which family of the page stands for each entry of the catalogue, and which of its series are shown?

Of the names of an entry the first counts that has the right type; of several such the first that has series. Series
with the same labels of ours are a group. Groups in which two cannot be told apart are left out: a label that is new to
us must not make one number out of two. So is what has a label that is none, and what is more than `MAX_ENGINES` and
`MAX_SERIES`. `dropped` counts series. Errors: SourceError for one that stands twice or has a value that none can have.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from exporters.label_text import fits_label
from exporters.source import SourceError
from exporters.vllm_labels import Labels
from exporters.vllm_names import FAMILIES
from exporters.vllm_text import MAX_ENGINES, MAX_SERIES, SPELLINGS, TYPE_NAMES, EngineKey, Series, Text
from ragpulse.catalogue.vllm import REQUESTS_RUNNING
from ragpulse.metric import Metric

Key = tuple[str, ...]  # the labels of ours, without `service`
Groups = dict[Key, list[Series]]

_MOST = 2.0**53  # beyond it a float counts no single event any more, and a counter of ours would stand still for ever


@dataclass(frozen=True, slots=True)
class Families:
    """`shown`: of each entry that the page offers."""

    shown: dict[Metric, Groups]
    dropped: int


def is_of_engine(metric: Metric) -> bool:
    return "model" in metric.labels and FAMILIES[metric].engine != ""


def choose(text: Text) -> Families:
    offered = {metric: series for metric in FAMILIES if (series := _offered(metric, text)) is not None}
    grouped = {metric: _grouped(metric, series) for metric, series in offered.items()}
    engines = _few_engines(grouped)
    for metric, groups in grouped.items():
        grouped[metric] = _of_engines(groups, engines) if is_of_engine(metric) else _few(groups)
    shown = sum(len(series) for groups in grouped.values() for series in groups.values())
    return Families(grouped, sum(map(len, offered.values())) - shown)


def _offered(metric: Metric, text: Text) -> list[Series] | None:
    """Empty for a family that is declared and has no series yet."""
    row = FAMILIES[metric]
    if text.is_of_ray and not row.has_prefix:
        return None
    right = [name for name in SPELLINGS[metric] if _kind(name, text) == metric.kind]
    series = next((text.series[name] for name in right if name in text.series), [])
    return (list(_by_label(series, row.value)) if row.value else series) if right else None


def _kind(name: str, text: Text) -> str | None:
    """A counter has no buckets, whatever is declared: `iteration_tokens_total` is a histogram."""
    if name.endswith("_total") and any(series.part == "_bucket" for series in text.series.get(name, ())):
        return "histogram"
    return next((text.types[typed] for typed in TYPE_NAMES[name] if typed in text.types), None)


def _by_label(found: list[Series], label: str) -> Iterator[Series]:
    """With the value that stands in a label. Those of a configuration say `None` for what is not known yet."""
    for series in found:
        if (value := series.labels.said.get(label, "")).isdecimal():
            yield series._replace(value=float(value))


def _grouped(metric: Metric, found: list[Series]) -> Groups:
    groups: Groups = {}
    for series in found:
        if not 0 <= series.value <= _MOST:
            raise SourceError(f"GET /metrics: a value of {metric.name} is {series.value}")
        groups.setdefault(_key(metric, series.labels), []).append(series)
    return {key: group for key, group in groups.items() if all(map(fits_label, key)) and _are_told_apart(metric, group)}


def _key(metric: Metric, labels: Labels) -> Key:
    row = FAMILIES[metric]
    engine = (row.engine if labels.engine is None else labels.engine) + labels.process
    ours = {"model": labels.model, "engine": engine}
    return tuple(ours[name] if name in ours else labels.said.get(row.labels[name], "") for name in metric.labels[1:])


def _are_told_apart(metric: Metric, group: list[Series]) -> bool:
    """Of a configuration, series that say the same of us are one, whatever else they differ in."""
    if FAMILIES[metric].value:
        return len({series.value for series in group}) == 1
    seen: dict[tuple[str, str], Labels] = {}
    for part, labels, _ in group:
        place = part, labels.said.get("le", "") if part else ""
        if place in seen:
            if seen[place].said == labels.said:
                raise SourceError(f"GET /metrics: a series of {metric.name} stands twice")
            return False
        seen[place] = labels
    return True


def _few_engines(grouped: dict[Metric, Groups]) -> set[EngineKey]:
    """Those that say what they run come first: Ray goes on showing the counters of processes that have ended."""
    keys = {(key[0], key[1]) for metric, groups in grouped.items() if is_of_engine(metric) for key in groups}
    living = {(key[0], key[1]) for key in grouped.get(REQUESTS_RUNNING, ())}
    return set(sorted(keys, key=lambda key: (key not in living, key))[:MAX_ENGINES])


def _of_engines(groups: Groups, engines: set[EngineKey]) -> Groups:
    """Of an engine with too many series, none: half a histogram is no histogram."""
    counts: Counter[EngineKey] = Counter()
    for key, group in groups.items():
        counts[key[0], key[1]] += len(group)
    return {
        key: group
        for key, group in groups.items()
        if (engine := (key[0], key[1])) in engines and counts[engine] <= MAX_SERIES
    }


def _few(groups: Groups) -> Groups:
    return dict(sorted(groups.items())[:MAX_SERIES]) if len(groups) > MAX_SERIES else groups

"""Which alerts fired in a window, and was anything wrong meanwhile? How precise they were, by a stated method.

An episode is a run of slices in which an alert fired. It is precise when, from a long window before it began to its
end, a target of its service was missed or its component was down or degraded; where neither target nor component is
known of it (an alert about monitoring itself) it is not judged. Errors: Unavailable.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ragpulse import recorded
from ragpulse.inventory import Cluster
from ragpulse.overview.http_json import together
from ragpulse.overview.prometheus_api import PrometheusApi, Series
from ragpulse.promql import series
from ragpulse.report.slices import ends, length
from ragpulse.report.window import Window
from ragpulse.units import prometheus_duration

METHOD = "while it fired, or shortly before, a target of its service was missed or its component was down or degraded"
_DOWN, _DEGRADED = 1, 2


@dataclass(frozen=True, slots=True)
class Episode:
    """begin, end: Unix seconds, as exact as a slice. precise: None where that cannot be told."""

    alert: str
    severity: str
    component: str
    service: str
    begin: float
    end: float
    precise: bool | None


@dataclass(frozen=True, slots=True)
class Precision:
    """Of one alert: its episodes, how many of them could be judged, and how many of those were precise."""

    alert: str
    severity: str
    episodes: int
    judged: int
    precise: int
    seconds: float


async def episodes(cluster: Cluster, prometheus: PrometheusApi, window: Window) -> tuple[Episode, ...]:
    seconds = length(window, cluster.monitoring.scrape_interval)
    first, last = ends(window, seconds)
    firing, met, state = (
        f"{series(name, **labels)}[{prometheus_duration(seconds)}]"
        for name, labels in (
            ("ALERTS", {"alertstate": "firing"}), (recorded.slo_met(cluster), {}), (recorded.COMPONENT_STATE, {}),
        )
    )  # fmt: skip
    fired, missed, states = await together(
        prometheus.over(expression, first, last, seconds)
        for expression in (
            f"count by (alertname, severity, component, service) (count_over_time({firing}))",
            f"min by (service) (min_over_time({met})) == 0",
            f"min by (component) (min_over_time({state})) <= {_DEGRADED}",
        )
    )
    wrong = _Wrong(_times(missed, "service"), _times(states, "component", lowest=_DOWN))
    before = max(seconds, recorded.long_window(cluster))
    names = {*cluster.services, *cluster.nodes, *cluster.backups}
    found = [
        _episode(one.labels, begin, end, wrong.between(one.labels, begin - before, end) if _known(one, names) else None)
        for one in fired
        for begin, end in _runs([time for time, _ in one.points], seconds)
    ]
    return tuple(sorted(found, key=lambda one: (one.begin, one.alert, one.component)))


def precision(found: tuple[Episode, ...]) -> tuple[Precision, ...]:
    """One for each alert, the noisiest first."""
    names = dict.fromkeys((one.alert, one.severity) for one in found)
    rows = []
    for alert, severity in names:
        own = [one for one in found if (one.alert, one.severity) == (alert, severity)]
        judged = [one for one in own if one.precise is not None]
        rows.append(
            Precision(
                alert, severity, len(own), len(judged), sum(one.precise is True for one in judged),
                sum(one.end - one.begin for one in own),
            )
        )  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (-row.episodes, row.alert)))


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Ends of slices: by service, where a target was missed; by component, where it was down or degraded."""

    missed: dict[str, list[float]]
    states: dict[str, list[float]]

    def between(self, labels: dict[str, str], begin: float, end: float) -> bool:
        service, component = labels.get("service", ""), labels.get("component", "")
        times = (*self.missed.get(service, ()), *self.states.get(component, ()), *self.states.get(service, ()))
        return any(begin <= time <= end for time in times)


def _known(fired: Series, names: set[str]) -> bool:
    return not names.isdisjoint({fired.labels.get("service", ""), fired.labels.get("component", "")})


def _episode(labels: dict[str, str], begin: float, end: float, precise: bool | None) -> Episode:  # noqa: FBT001
    alert, severity, component, service = (
        labels.get(name, "") for name in ("alertname", "severity", "component", "service")
    )  # fmt: skip
    return Episode(alert, severity, component, service, begin, end, precise)


def _times(found: list[Series], label: str, lowest: float = 0.0) -> dict[str, list[float]]:
    return {
        one.labels.get(label, ""): [time for time, value in one.points if value >= lowest] for one in found
    }  # fmt: skip


def _runs(times: list[float], seconds: float) -> Iterator[tuple[float, float]]:
    begin: float | None = None
    last = 0.0
    for time in times:
        if begin is not None and time - last > 1.5 * seconds:
            yield begin, last
            begin = None
        if begin is None:
            begin = time - seconds
        last = time
    if begin is not None:
        yield begin, last

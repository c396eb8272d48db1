"""Times that do not fit each other: probes too seldom for a verdict, requests too long for their interval."""

from collections.abc import Iterator

from ragpulse.consistency.contradiction import Contradiction
from ragpulse.inventory import Cluster
from ragpulse.location import Path_
from ragpulse.recorded import short_window
from ragpulse.services import Canary, Chroma, Vllm
from ragpulse.units import prometheus_duration
from ragpulse.vantage import interval, longest_interval

_SCRAPE_INTERVAL: Path_ = ("monitoring", "scrape_interval")
SHORTEST_INTERVAL = 1.0
_CANARY_SHARE = 0.7  # of its interval: what is left reads the page that tells a full engine from a hung one


def contradictions(cluster: Cluster) -> Iterator[Contradiction]:
    for name, service in cluster.services.items():
        at: Path_ = ("services", name)
        if service.every is not None:
            yield from _interval((*at, "every"), service.every, cluster)
        if isinstance(service, Vllm):
            yield from _interval((*at, "canary", "every"), service.canary.every, cluster)
            yield from _slow_canary(at, service.canary)
        if isinstance(service, Chroma) and service.canary is not None:
            yield from _too_often((*at, "canary", "every"), service.canary.every)
        yield from _slow_probes(name, cluster)
    yield from _forgotten(cluster)


def _interval(path: Path_, every: float, cluster: Cluster) -> Iterator[Contradiction]:
    window, most = short_window(cluster), longest_interval(cluster)
    if every > most:
        text = (
            f"{prometheus_duration(every)} is too seldom: at most {prometheus_duration(most)} with a"
            f" scrape_interval of {prometheus_duration(cluster.monitoring.scrape_interval)}, because a verdict"
            f" needs two probes within {prometheus_duration(window)}"
        )
        yield Contradiction(path, text, (_SCRAPE_INTERVAL,))
    yield from _too_often(path, every)


def _too_often(path: Path_, every: float) -> Iterator[Contradiction]:
    if every < SHORTEST_INTERVAL:
        text = f"{prometheus_duration(every)} is too often: at least 1s, or the probes become a load of their own"
        yield Contradiction(path, text)


def _slow_probes(name: str, cluster: Cluster) -> Iterator[Contradiction]:
    """A run that takes longer than its interval leaves gaps in what it says, and nothing alerts on gaps in time."""
    service = cluster.services[name]
    every, checks = interval(cluster, name), max(1, len(service.checks))
    if service.timeout is not None and service.timeout * checks > every:
        run = f"the {checks} checks of a run" if checks > 1 else "a run"
        text = (
            f"{prometheus_duration(service.timeout)} is too long: {run} must fit into {prometheus_duration(every)}"
            f" (`every`), so at most {prometheus_duration(every / checks)}{' for each' if checks > 1 else ''}"
        )
        yield Contradiction(("services", name, "timeout"), text, (("services", name, "every"), _SCRAPE_INTERVAL))


def _slow_canary(at: Path_, canary: Canary) -> Iterator[Contradiction]:
    most = _CANARY_SHARE * canary.every
    if canary.timeout is not None and canary.timeout > most:
        text = (
            f"{prometheus_duration(canary.timeout)} is too long: a canary must end before the next, so at most"
            f" {prometheus_duration(most)} with `canary.every` of {prometheus_duration(canary.every)}"
        )
        yield Contradiction((*at, "canary", "timeout"), text, ((*at, "canary", "every"),))


def _forgotten(cluster: Cluster) -> Iterator[Contradiction]:
    """A budget of which the beginning is no longer known."""
    retention = cluster.monitoring.retention
    for name in ("availability", "response_time", "time_to_first_token"):
        target = getattr(cluster.targets, name)
        if target is None or target.window is None or retention >= target.window:
            continue
        kept, window = prometheus_duration(retention), prometheus_duration(target.window)
        at_retention: Path_ = ("monitoring", "retention")
        at_window: Path_ = ("targets", name, "window")
        if "retention" in cluster.monitoring.model_fields_set:
            text = f"{kept} is shorter than the window of the {name} target ({window}); keep at least {window}"
            yield Contradiction(at_retention, text, (at_window,))
            return
        text = f"{window} is longer than numbers are kept ({kept}); set monitoring.retention to at least {window}"
        yield Contradiction(at_window, text, (at_retention,))

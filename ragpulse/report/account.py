"""An account of a window: each target with its worst hour, what burnt its budget and which alerts fired; for people.

Errors: Unavailable.
"""

from dataclasses import dataclass

from ragpulse import budget
from ragpulse.catalogue import gpu
from ragpulse.inventory import Cluster
from ragpulse.overview.answers import key
from ragpulse.overview.http_json import together
from ragpulse.overview.prometheus_api import PrometheusApi, Series
from ragpulse.promql import averaged_over, increase
from ragpulse.report.announced import announced
from ragpulse.report.attained import Attained, attained
from ragpulse.report.burnt import Burnt, burnt, failures
from ragpulse.report.episodes import Episode, Precision, episodes, precision
from ragpulse.report.slices import Slice, Worst, length, slices, worst
from ragpulse.report.window import Window


@dataclass(frozen=True, slots=True)
class Target:
    attained: Attained
    worst: Worst | None
    burnt: tuple[Burnt, ...]
    alerts: tuple[Episode, ...]
    slices: tuple[Slice, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """whole: availability of the cluster, its weakest service each moment. bands: node → band → share of the time in
    which its GPUs were watched. announced: service → seconds in which work on it was, and nothing of it was judged.
    """

    cluster: str
    window: Window
    slice: float
    targets: tuple[Target, ...]
    episodes: tuple[Episode, ...]
    alerts: tuple[Precision, ...]
    whole: float | None
    bands: dict[str, dict[str, float]]
    announced: dict[str, float]


async def account(cluster: Cluster, prometheus: PrometheusApi, window: Window) -> Account:
    judged = await attained(cluster, prometheus, window)
    sliced = await slices(cluster, prometheus, window)
    fired = await episodes(cluster, prometheus, window)
    failed = await failures(prometheus, window)
    whole, bands = await together(
        prometheus.over(expression, window.end, window.end, window.step)
        for expression in (
            averaged_over(budget.CLUSTER_AVAILABLE, window.seconds),
            f"sum by (node, band) ({increase(gpu.BAND, window.seconds)})",
        )
    )
    seconds = length(window, cluster.monitoring.scrape_interval)
    targets = []
    for one in judged:
        own = sliced.get(key(one.objective), ()) if one.value is not None else ()
        is_share = one.budget is not None
        bad = sum(each.bad for each in own) if is_share else 0.0
        targets.append(
            Target(
                one,
                worst(own, window, seconds) if is_share else None,
                burnt(one.objective, bad, failed),
                tuple(each for each in fired if each.service == one.objective.service),
                own,
            )
        )
    return Account(
        cluster.name, window, seconds, tuple(targets), fired, precision(fired),
        whole[0].points[-1][1] if whole and whole[0].points else None, _shares(bands),
        await announced(cluster, prometheus, window),
    )  # fmt: skip


def _shares(found: list[Series]) -> dict[str, dict[str, float]]:
    seconds: dict[str, dict[str, float]] = {}
    for one in found:
        if one.points:
            seconds.setdefault(one.labels.get("node", ""), {})[one.labels.get("band", "")] = one.points[-1][1]
    return {
        node: {band: amount / whole for band, amount in bands.items()}
        for node, bands in seconds.items()
        if (whole := sum(bands.values())) > 0
    }

"""What the Overview page makes of a Prometheus (and Alertmanager) that answers as given."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from ragpulse.inventory import Cluster
from ragpulse.overview.alertmanager_api import AlertmanagerApi
from ragpulse.overview.collect import TIMEOUT, collect
from ragpulse.overview.facts import Overview, Verdict
from ragpulse.overview.kept_connections import KeptConnections
from ragpulse.overview.prometheus_api import PrometheusApi
from tests.fakes.mixed_cluster import NOW, cluster, mixed
from tests.fakes.prometheus_api import Answering, serving

Change = Callable[[Answering], object]


def changed(*changes: Change) -> Overview:
    """The mixed day, after some changes."""
    answering = mixed()
    for change in changes:
        change(answering)
    return overview_of(answering)


def overview_of(answering: Answering, notifications: Path | None = None, of: Cluster | None = None) -> Overview:
    with serving(answering):
        return overview_at(answering.url, notifications=notifications, of=of)


def overview_at(
    prometheus: str,
    alertmanager: str | None = None,
    *,
    notifications: Path | None = None,
    of: Cluster | None = None,
    now: float = NOW,
    timeout: float = TIMEOUT,
) -> Overview:
    async def collected() -> Overview:
        async with KeptConnections() as connections:
            apis = PrometheusApi(connections, prometheus), AlertmanagerApi(connections, alertmanager or prometheus)
            return await collect(
                of or cluster(), *apis, notifications, now, runbooks=frozenset({"ServiceNotReady"}), timeout=timeout
            )

    return asyncio.run(collected())


def verdict(overview: Overview, slo: str, service: str) -> Verdict:
    return next(found for found in overview.objectives if (found.slo, found.service) == (slo, service))


def states(overview: Overview) -> dict[str, str]:
    return {component.name: component.state for component in overview.components}

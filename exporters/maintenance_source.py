"""On which services is work announced? Source: the silences of this node's own Alertmanager.

So one command on one machine suffices: Alertmanager keeps what was announced, tells its peer, and ends it in time. One
that does not answer ends nothing: what was announced when it last did holds until its end; that it is away is told as
`MonitoringDown`. Errors: SourceError for an answer that is no list of silences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from exporters.clocks import MACHINE, Clock
from exporters.http_client import Failure, HttpClient
from exporters.planned import Planned
from exporters.source import SourceError
from ragpulse import endpoints
from ragpulse.catalogue.maintenance import MAINTENANCE
from ragpulse.dependencies import Component, Dependencies, node, service
from ragpulse.maintenance.announced import Announced, active, covered
from ragpulse.metric import Metric, Sample

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster

_LONGEST_REQUEST, _SHARE = 3.0, 0.3  # seconds; of the interval


class MaintenanceSource:
    name = "maintenance"
    max_age: float | None = None
    emits: tuple[Metric, ...] = (MAINTENANCE,)

    def __init__(
        self,
        url: str,
        covers: Mapping[Component, tuple[str, ...]],
        *,
        interval: float,
        request_timeout: float,
        clock: Clock = MACHINE.wall,
    ) -> None:
        """`covers`: what can be announced → the services whose faults are announced with it."""
        self.interval = interval
        self.timeout = request_timeout + 1.0
        self._covers = covers
        self._clock = clock
        self._client = HttpClient(url, timeout=request_timeout)
        self._known: tuple[Announced, ...] = ()

    def read(self) -> Iterator[Sample]:
        try:
            with self._client:
                said = self._client.get("/api/v2/silences").expect()
        except Failure:
            pass
        else:
            try:
                self._known = active(said.json())
            except (Failure, ValueError) as error:
                raise SourceError(f"the silences of Alertmanager: {error}") from error
        announced = {each.on for each in self._known if each.ends > self._clock()}
        under = {name for on in announced for name in self._covers.get(on, ())}
        for name in sorted({name for names in self._covers.values() for name in names}):
            yield MAINTENANCE(name in under, service=name)


def maintenance_sources(cluster: Cluster, node_name: str) -> list[Planned]:
    """Of a node that runs an Alertmanager."""
    if (place := endpoints.alertmanager(cluster).get(node_name)) is None or not cluster.services:
        return []
    every = (*map(node, cluster.nodes), *map(service, cluster.services))
    graph = Dependencies(cluster)
    covers = {each: covered(graph, each) for each in every}
    interval = cluster.monitoring.scrape_interval
    patience = min(_LONGEST_REQUEST, _SHARE * interval)
    source = MaintenanceSource(f"http://{place}", covers, interval=interval, request_timeout=patience)
    return [Planned(source, settings=(place, covers, interval))]

"""The cluster file as one frozen value: nodes, services, backups, monitoring, targets, notification."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ragpulse.model import Address, BitRate, Duration, FilePath, Name, Part, Port, Url
from ragpulse.services import AnyService, Backup, Names
from ragpulse.targets import Targets
from ragpulse.units import prometheus_duration

_SHORTEST_SCRAPE, _LONGEST_SCRAPE = 1.0, 120.0


class Tier(Part):
    """What a network of a node is expected to be."""

    speed: BitRate | None = None
    mtu: Annotated[int, Field(ge=576, le=65536)] | None = None
    interfaces: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Node(Part):
    address: Address
    port: Port = 9477
    networks: dict[Name, Address] = {}
    tiers: dict[Name, Tier] = {}
    gpu: Literal["auto", "disabled"] = "auto"
    gpm: Literal["auto", "disabled"] = "auto"


class Ports(Part):
    overview: Port = 9478
    receiver: Port = 9479
    prometheus: Port = 9090
    alertmanager: Port = 9093
    alertmanager_cluster: Port = 9094  # used by a pair only: TCP and UDP between the two


class RemoteWrite(Part):
    url: Url


def _scrapable(interval: float) -> float:
    if interval < _SHORTEST_SCRAPE:
        raise ValueError(
            f"{prometheus_duration(interval)} is less than 1s: a scrape must end within 0.3 of it, and agents would do"
            " little else than answer"
        )
    if interval > _LONGEST_SCRAPE:
        raise ValueError(
            f"{prometheus_duration(interval)} is more than 2m: Prometheus looks back 5 minutes, so one lost scrape"
            " would make everything unknown"
        )
    return interval


class Monitoring(Part):
    nodes: Names = ()
    scrape_interval: Annotated[Duration, AfterValidator(_scrapable)] = 10.0
    retention: Duration = 31 * 86400.0
    ports: Ports = Ports()
    remote_write: Annotated[tuple[RemoteWrite, ...], Field(strict=False)] = ()


class Receiver(Part):
    """Where notifications go. Secrets are files: `url_file` for a URL that is itself a secret."""

    kind: Literal["webhook"]
    url: Url | None = None
    url_file: FilePath | None = None


class Notify(Part):
    receivers: dict[Name, Receiver] = {}
    page: Names = ()
    ticket: Names = ()


class Cluster(Part):
    """A whole cluster file, valid. Made only by `ragpulse.cluster_file.load`."""

    name: Annotated[Name, Field(alias="cluster")]
    note: Annotated[str, Field(max_length=200)] = ""  # shown on every page
    nodes: Annotated[dict[Name, Node], Field(min_length=1)]
    services: dict[Name, AnyService] = {}
    backups: dict[Name, Backup] = {}
    monitoring: Monitoring = Monitoring()
    targets: Targets = Targets()
    notify: Notify = Notify()

    def monitoring_nodes(self) -> tuple[str, ...]:
        """The nodes that run a Prometheus and an Alertmanager; the first node when none is named."""
        return self.monitoring.nodes or (next(iter(self.nodes)),)

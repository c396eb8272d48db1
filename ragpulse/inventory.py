"""The cluster file as one frozen value: nodes, services, backups, monitoring, targets, notification."""

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field

from ragpulse.backups import Backup
from ragpulse.endpoints import monitors
from ragpulse.model import Address, BitRate, Duration, FilePath, Name, Part, Port, Url
from ragpulse.notify import Notify
from ragpulse.service_values import Names
from ragpulse.services import AnyService, Service
from ragpulse.targets import Targets
from ragpulse.units import prometheus_duration

S = TypeVar("S", bound=Service)
_SHORTEST_SCRAPE, _LONGEST_SCRAPE = 1.0, 120.0
_SHORTEST_GPU_INTERVAL, _LONGEST_GPU_INTERVAL = 1.0, 5.0


class Tier(Part):
    """What a network of a node is expected to be."""

    speed: BitRate | None = None
    """speed that the link must have"""
    mtu: Annotated[int, Field(ge=576, le=65536)] | None = None
    """its largest packet in bytes"""
    interfaces: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """names of its interfaces; by default they are found by their addresses"""


def _within_buffers(interval: float) -> float:
    if not _SHORTEST_GPU_INTERVAL <= interval <= _LONGEST_GPU_INTERVAL:
        raise ValueError(
            f"{prometheus_duration(interval)} is not from 1s to 5s: more often tells nothing more, and the buffers that"
            " are read hold some 16s only"
        )
    return interval


class Node(Part):
    address: Address
    """IP address or host name at which the agent listens and its peers reach it"""
    port: Port = 9477
    """port of the agent"""
    networks: dict[Name, Address] = {}
    """further networks of the node, by tier: its address there; `home` is the network of `address`"""
    tiers: dict[Name, Tier] = {}
    """what a network is expected to be, by tier"""
    gpu: Literal["auto", "disabled"] = "auto"
    """`disabled`: GPUs are not looked for, and NVIDIA's library is left alone"""
    gpm: Literal["auto", "disabled"] = "auto"
    """`disabled`: the GPU's performance monitors are left alone"""
    gpu_interval: Annotated[Duration, AfterValidator(_within_buffers)] = 2.0
    """time between two reads of the driver's buffers of samples, which hold some 16s"""
    gpu_pids: bool = False
    """`true`: who uses a GPU is told with process ids, which makes new series for each process"""
    docker_socket: FilePath | None = None
    """Docker socket that tells the names of containers which use a GPU; without it they go by their ids"""


class Ports(Part):
    overview: Port = 9478
    """Overview page"""
    receiver: Port = 9479
    """the demo's receiver of notifications"""
    prometheus: Port = 9090
    """Prometheus"""
    alertmanager: Port = 9093
    """Alertmanager"""
    alertmanager_cluster: Port = 9094
    """TCP and UDP between the two Alertmanagers of a pair; a single one does not use it"""
    relay: Port = 9480
    """the adapter that tells those receivers which Alertmanager cannot tell itself; nobody listens where there is none
    """


class RemoteWrite(Part):
    url: Url
    """where Prometheus also sends what it scrapes"""


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
    """nodes that run a Prometheus and an Alertmanager; more than one are identical and know each other (default: the
    first node)
    """
    scrape_interval: Annotated[Duration, AfterValidator(_scrapable)] = 10.0
    """every other time derives from it; from 1s to 2m, because Prometheus looks back 5 minutes and one lost scrape
    must not make everything unknown
    """
    retention: Duration = 31 * 86400.0
    """how long Prometheus keeps numbers; no shorter than the window of the availability target"""
    ports: Ports = Ports()
    """where everything listens"""
    remote_write: Annotated[tuple[RemoteWrite, ...], Field(strict=False)] = ()
    """further stores of what is scraped"""


class Cluster(Part):
    """A whole cluster file, valid. Made only by `ragpulse.cluster_file.load`."""

    name: Annotated[Name, Field(alias="cluster")]
    """name of the cluster"""
    note: Annotated[str, Field(max_length=200)] = ""
    """one sentence that stands on every page, e.g. what is special about this cluster"""
    nodes: Annotated[dict[Name, Node], Field(min_length=1)]
    """machines, by name"""
    services: dict[Name, AnyService] = {}
    """what is watched, by name"""
    backups: dict[Name, Backup] = {}
    """backups, by name"""
    monitoring: Monitoring = Monitoring()
    """where and how often is measured and kept"""
    targets: Targets = Targets()
    """what is promised; each has a default, `null` switches one off"""
    notify: Notify = Notify()
    """who hears of alerts; without it they are shown on the Overview page and sent nowhere"""

    def monitoring_nodes(self) -> tuple[str, ...]:
        return monitors(self)

    def of_kind(self, kind: type[S]) -> dict[str, S]:
        """The services of one kind, by name."""
        return {name: service for name, service in self.services.items() if isinstance(service, kind)}

    def reads_gpus(self) -> bool:
        return any(node.gpu != "disabled" for node in self.nodes.values())

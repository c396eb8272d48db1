"""The metrics pages of the nodes of a Ray cluster, as far as this agent reads them, and what they say together.

Without the token: Ray's metrics pages want none, and whatever listens there need not learn it. A page that does not
answer, and one that is none, cost only what it would have said. Series of vLLM on a page are those of its workers,
under vLLM's names and with the name of the Ray service; a series that two pages have is told once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporters import ray_page
from exporters.http_client import Failure, HttpClient, Unanswered
from exporters.ray_page import RayPage
from exporters.source import SourceError
from exporters.vllm_page import VllmPage
from ragpulse.catalogue import ray
from ragpulse.endpoints import authority
from ragpulse.metric import Sample, one_of, series

HEAD_PORTS = frozenset({44217, 44227})  # fixed in Ray: its autoscaler and its dashboard, on the head alone
MAX_PAGES = 16  # of one agent; 4 MB each at the most
_MAX_BODY = 4 * 1024 * 1024

Place = tuple[str, int]  # node, port


@dataclass(slots=True)
class Read:
    """What came of one page. `page`: None where `state` is not `answering`; `problem`: why it could not be read.
    `dropped`: series of vLLM that are not among `of_vllm`.
    """

    state: str
    page: RayPage | None = None
    of_vllm: list[Sample] = field(default_factory=list)
    dropped: int = 0
    problem: str = ""


class RayPages:
    """`read` keeps one connection for each page. `addresses`: node → where its pages are."""

    def __init__(self, service: str, addresses: dict[str, str], timeout: float) -> None:
        self._service = service
        self._addresses = addresses
        self._timeout = timeout
        self._clients: dict[Place, HttpClient] = {}

    def only(self, places: Iterable[Place]) -> None:
        """Forgets the connections to all others."""
        for place in self._clients.keys() - set(places):
            self._clients.pop(place).close()

    def read(self, place: Place, timeout: float) -> Read:
        node, port = place
        if place not in self._clients:
            url = f"http://{authority(self._addresses[node], port)}"
            self._clients[place] = HttpClient(url, timeout=self._timeout, max_body=_MAX_BODY)
        try:
            body = self._clients[place].request("GET", "/metrics", timeout=timeout).expect().body
        except Unanswered:
            return Read("unreachable")
        except Failure as failure:
            return Read("wrong", problem=str(failure))
        try:
            found = Read("answering", ray_page.read(body))
        except SourceError as error:
            return Read("wrong", problem=str(error))
        try:
            self._add_vllm(body, found)
        except SourceError as error:
            found.problem = str(error)
        return found

    def _add_vllm(self, body: bytes, found: Read) -> None:
        if b"\nray_vllm" in body:
            vllm = VllmPage(body)
            found.of_vllm, found.dropped = list(vllm.samples(self._service)), vllm.dropped


def samples(service: str, found: dict[Place, Read]) -> Iterator[Sample]:
    for (node, port), read in found.items():
        yield from one_of(
            ray.TARGET_STATE, "state", ray.TARGET_STATES, read.state, service=service, ray_node=node, port=str(port)
        )
    for node in dict.fromkeys(node for node, _ in found):
        yield from _of_node(
            service, node, [page for (of, _), read in found.items() if of == node and (page := read.page)]
        )
    pages = [read.page for read in found.values() if read.page is not None]
    if pages:
        for state in ray.ACTOR_STATES:
            yield ray.ACTORS(sum(page.actors[state] for page in pages), service=service, state=state)
        for state in ray.TASK_STATES:
            yield ray.TASKS(sum(page.tasks[state] for page in pages), service=service, state=state)


def _of_node(service: str, node: str, pages: list[RayPage]) -> Iterator[Sample]:
    """Of a node's pages each figure stands on one: that of its metrics agent."""
    for metric, name in (
        (ray.OBJECT_STORE_USED, "object_store_used"),
        (ray.OBJECT_STORE_TOTAL, "object_store_total"),
        (ray.WORKER_EVICTIONS, "worker_evictions"),
        (ray.GPUS_REGISTERED, "gpus_registered"),
        (ray.GPUS_REPORTED, "gpus_reported"),
    ):
        if (value := next((value for page in pages if (value := getattr(page, name)) is not None), None)) is not None:
            yield metric(value, service=service, ray_node=node)


def vllm_samples(found: dict[Place, Read]) -> tuple[list[Sample], int]:
    """Also how many were left out."""
    told: dict[str, Sample] = {}
    dropped = 0
    for read in found.values():
        dropped += read.dropped
        for sample in read.of_vllm:
            dropped += told.setdefault(series(sample), sample) is not sample
    return list(told.values()), dropped

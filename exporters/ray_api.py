"""What Ray's state API on the dashboard of its head knows: who lives where, and which engine's rank runs on which node.

Source: GET /api/v0/nodes and /api/v0/actors, filtered and limited there; /api/prometheus/sd (the list that the
discovery file holds) and /api/version. With RAY_AUTH_MODE=token all of them want the token, as a bearer's; its metrics
pages never do. Errors: Failure, as `invalid` for an answer of another shape; SecretError for the token's file.
"""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from exporters.http_client import Answer, HttpClient, WrongAnswer
from exporters.label_text import fits_label
from exporters.ray_discovery import Target, targets

MAX_NODES = 1000
MAX_RANKS = 256
_FILTER = "filter_keys={}&filter_predicates=%3D&filter_values={}"
_NODES = f"/api/v0/nodes?limit={MAX_NODES}&{_FILTER.format('state', 'ALIVE')}"
# The class in which vLLM's executor runs a worker; that of another one does not tell its rank.
_WORKERS = (
    f"/api/v0/actors?limit={MAX_RANKS}&{_FILTER.format('state', 'ALIVE')}&"
    f"{_FILTER.format('class_name', 'RayWorkerProc')}"
)
# vLLM leaves out what has a size of 1.
_WORKER = re.compile(
    r"vllm_Worker_(?P<engine>.+?)(?:_TP(?P<tp>\d{1,4}))?(?:_PP(?P<pp>\d{1,4}))?(?:_PCP(?P<pcp>\d{1,4}))?"
)


@dataclass(frozen=True, slots=True)
class LivingNode:
    identity: str
    address: str
    is_head: bool


class StateApi:
    """`timeout` of each question in seconds, at most the client's own."""

    def __init__(self, client: HttpClient, *, with_auth: bool = True) -> None:
        self._client = client
        self._with_auth = with_auth

    def nodes(self, timeout: float) -> list[LivingNode]:
        return [_node(entry) for entry in self._listed(_NODES, timeout)]

    def ranks(self, timeout: float) -> list[tuple[int, str]]:
        """Rank → identity of the node, of every worker that lives and says it."""
        workers = [(entry.get("name"), entry.get("node_id")) for entry in self._listed(_WORKERS, timeout)]
        return list(_ranks(workers))

    def targets(self, timeout: float) -> frozenset[Target]:
        try:
            return targets(self._get("/api/prometheus/sd", timeout).json())
        except ValueError as error:
            raise WrongAnswer("invalid", f"the list of metrics pages {error}") from error

    def version(self, timeout: float) -> str | None:
        said = self._get("/api/version", timeout).mapping().get("ray_version")
        return said if fits_label(said) and said else None

    def _get(self, path: str, timeout: float) -> Answer:
        return self._client.request("GET", path, with_auth=self._with_auth, timeout=timeout).expect()

    def _listed(self, path: str, timeout: float) -> list[dict[str, Any]]:
        answer = self._get(path, timeout).mapping()
        found: Any = answer
        for key in ("data", "result", "result"):
            found = found.get(key) if isinstance(found, dict) else None
        if answer.get("result") is not True or not isinstance(found, list):
            raise WrongAnswer("invalid", "the answer is none of Ray's state API")
        if not all(isinstance(entry, dict) for entry in found):
            raise WrongAnswer("invalid", "the state API lists what is no object")
        return found[: max(MAX_NODES, MAX_RANKS)]


def _node(entry: dict[str, Any]) -> LivingNode:
    identity, address = entry.get("node_id"), entry.get("node_ip")
    if not isinstance(identity, str) or not isinstance(address, str) or entry.get("state") != "ALIVE":
        raise WrongAnswer("invalid", "the state API lists a node without id, address or the state that was asked for")
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        raise WrongAnswer("invalid", "the state API gives a node an address that is none") from error
    return LivingNode(identity, address, entry.get("is_head_node") is True)


def _ranks(workers: list[tuple[object, object]]) -> Iterator[tuple[int, str]]:
    engines: dict[str, list[tuple[int, int, int, str]]] = defaultdict(list)
    for name, node in workers:
        if isinstance(name, str) and isinstance(node, str) and (found := _WORKER.fullmatch(name)):
            pcp, pp, tp = (int(found[part] or 0) for part in ("pcp", "pp", "tp"))
            engines[found["engine"]].append((pcp, pp, tp, node))
    for places in engines.values():
        tp_size = 1 + max(tp for _, _, tp, _ in places)
        pp_size = 1 + max(pp for _, pp, _, _ in places)
        for pcp, pp, tp, node in places:
            yield (pcp * pp_size + pp) * tp_size + tp, node

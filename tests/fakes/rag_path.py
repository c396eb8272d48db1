"""A RAG path over real services: Chroma 0.5.23, the demo's memory service and its stand-in for vLLM, and an embedder.

Whoever walks it is made by the agent's own code, from a cluster file as an operator writes it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from exporters.rag_probe import RagProbe
from exporters.service_sources import service_sources
from ragpulse import cluster_file
from ragpulse.demo.memory_service import build as memory_service
from ragpulse.demo.memory_store import MemoryStore
from ragpulse.demo.relay import Relay, relay
from ragpulse.demo.vllm_standin.app import build as vllm_standin
from ragpulse.demo.vllm_standin.engine import EngineSettings
from ragpulse.inventory import Cluster
from ragpulse.yaml_file import Document
from tests.fakes.asgi_server import served
from tests.fakes.chroma_database import Database
from tests.fakes.chroma_server import OLD, ChromaServer, Generation
from tests.fakes.http_replay import replay_server, reply_json
from tests.fakes.readings import by_series

DIMENSION = 24
STAGES = ("embeddings", "retrieval", "search_memory", "chat")
QUESTION = "Where are the backups?"
TEXTS = [f"Backup {number} lies on the second disk." for number in range(5)]
PATIENT = 30.0


@dataclass(frozen=True)
class Services:
    """By the name of its stage, each behind a relay."""

    database: Database
    relays: Mapping[str, Relay]

    def cluster(self, **path: Any) -> Cluster:
        chroma, written = self.relays["retrieval"].url, self.database.service("papers").model_dump(mode="json")
        return cluster_of(
            {
                "chroma": {key: written[key] for key in _CHROMA_KEYS} | {"url": chroma},
                "memory": {
                    "kind": "memory",
                    "nodes": ["sark"],
                    "url": self.relays["search_memory"].url,
                    "search": SEARCH,
                },
                "vllm": {"kind": "vllm", "nodes": ["sark"], "url": self.relays["chat"].url, "model": "stand-in"},
                "embedder": {"kind": "vllm", "nodes": ["sark"], "url": self.relays["embeddings"].url, "model": "bge"},
            },
            **{"stages": WHOLE, **path},
        )


_CHROMA_KEYS = (
    "kind", "nodes", "token_file", "token_header", "token_prefix", "tenant", "database", "query",
)  # fmt: skip
SEARCH = {
    "path": "/search", "method": "POST", "json": {"query": "backups"}, "json_field": "success", "ok_values": [True],
}  # fmt: skip
WHOLE = [
    {"operation": "embeddings", "service": "embedder"},
    {"operation": "retrieval", "service": "chroma"},
    {"operation": "search_memory", "service": "memory"},
    {"operation": "chat", "service": "vllm"},
]


def cluster_of(services: Mapping[str, Any], **path: Any) -> Cluster:
    """Everything lives on `sark`, and `clu` walks the path."""
    rag = {"kind": "rag", "nodes": ["sark"], "every": "120s", "timeout": f"{PATIENT}s", "question": QUESTION, **path}
    value = {
        "cluster": "c",
        "nodes": {"sark": {"address": "127.0.0.1"}, "clu": {"address": "127.0.0.2"}},
        "services": {**services, "rag": rag},
        "monitoring": {"scrape_interval": "60s"},
        "targets": {"availability": None, "response_time": {"below": "300ms"}},
    }
    return cluster_file.parse(Document(value, {}), "cluster.yaml")


def walker(cluster: Cluster) -> RagProbe:
    (probe,) = [
        planned.source for planned in service_sources(cluster, "clu") if isinstance(planned.source, RagProbe)
    ]  # fmt: skip
    return probe


@dataclass(frozen=True)
class Found:
    """What a walk said, and all counters after it, by series."""

    said: dict[str, float]
    counted: dict[str, float]

    def named(self, what: str) -> str:
        """The stage that is 1 in `ragpulse_rag_<what>_stage`, or empty."""
        mark = f"ragpulse_rag_{what}_stage{{"
        return next(
            (series.split('"')[3] for series, value in self.said.items() if series.startswith(mark) and value), ""
        )

    @property
    def is_up(self) -> bool:
        up = self.said['ragpulse_service_up{service="rag"}']
        assert up == self.said['ragpulse_service_ready{service="rag"}']
        return up == 1

    def runs(self, outcome: str) -> dict[str, float]:
        """Stage → runs that ended so, if any."""
        found = {}
        for series, value in self.counted.items():
            if series.startswith("ragpulse_rag_stage_runs_total") and f'outcome="{outcome}"' in series and value:
                found[series.split('"')[3]] = value
        return found

    def failures(self) -> dict[tuple[str, str], float]:
        """(stage, reason) → count; the whole path is the stage `path`."""
        kinds = ("ragpulse_rag_stage_failures_total{", "ragpulse_probe_failures_total{")
        return {
            (series.split('"')[3], series.split('"')[5]): value
            for series, value in self.counted.items()
            if series.startswith(kinds) and value
        }

    def seconds(self, stage: str) -> float:
        """Of all good runs of a stage, or of the whole path, together."""
        if stage == "path":
            return self.counted['ragpulse_probe_duration_seconds_sum{service="rag",check="path"}']
        return self.counted[f'ragpulse_rag_stage_duration_seconds_sum{{service="rag",stage="{stage}"}}']


def walk(probe: RagProbe) -> Found:
    said = by_series(probe.read())
    return Found(said, by_series(probe.counters()))


@pytest.fixture(scope="module")
def services(
    shared_chroma: Callable[[Generation], ChromaServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    database = Database.made(shared_chroma(OLD))
    database.write({"papers": (len(TEXTS), DIMENSION)}, texts=TEXTS)
    store = MemoryStore(tmp_path_factory.mktemp("memory") / "memory.sqlite3")
    store.add("Backups are kept for ninety days.", ["backups"])
    with ExitStack() as stack:
        embedder = stack.enter_context(replay_server())
        embedder.post("/v1/embeddings", reply_json({"data": [{"embedding": [1.0] * DIMENSION}], "model": "bge"}))
        targets = {
            "embeddings": embedder.url,
            "retrieval": database.server.url,
            "search_memory": stack.enter_context(served(memory_service(store))),
            "chat": stack.enter_context(served(vllm_standin("stand-in", None, EngineSettings(step_seconds=0.002)))),
        }
        relays = {stage: stack.enter_context(relay(target)) for stage, target in targets.items()}
        yield Services(database, relays)


def body(asked: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asked)
    return found

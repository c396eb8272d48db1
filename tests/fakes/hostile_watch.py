"""Everything that talks HTTP looks at one service, on a page with a healthy source; and what there is to be seen of it.

The real constructors and the real runner; only the scheduler is not there: each source runs once, when it is told to.
"""

import io
import logging
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from exporters.about import About
from exporters.chroma_exposure import ChromaExposure
from exporters.chroma_probe import ChromaProbe
from exporters.chroma_recall import RecallSource
from exporters.chroma_source import ChromaSource
from exporters.chroma_state import ChromaState
from exporters.http_probe import http_probe
from exporters.label_text import MAX_LENGTH
from exporters.landing import landing
from exporters.memory_probe import memory_probe
from exporters.memory_roundtrip import MemoryRoundTripSource
from exporters.memory_source import MemorySource
from exporters.page import Page
from exporters.rag_path import rag_probe
from exporters.ray_head_source import RayHeadSource
from exporters.runner import Health, Runner
from exporters.source import Source
from exporters.vllm_probe import vllm_probe
from exporters.vllm_source import VllmSource
from ragpulse import golden_file
from ragpulse.golden import Golden
from ragpulse.inventory import Node
from ragpulse.rag_stages import Stage
from ragpulse.services import (
    AnyService,
    Chroma,
    ChromaCanary,
    ChromaQuery,
    HeaderAuth,
    Http,
    HttpExpect,
    Memory,
    MemoryCheck,
    MemoryRoundTrip,
    Rag,
    Ray,
    Vllm,
)
from tests.fakes.hostile_answers import GOLDEN
from tests.fakes.running import until
from tests.fakes.sources import FakeSource, up
from tests.fakes.watched import PATIENT, plan

SECRET = "s3cret-of-a-throw-away-server"
MOST_SERIES = 10_000  # 64 engines of vLLM and 100 collections, with room to spare
_LOGGER = logging.getLogger("exporters")
_FAILURES, _STATE = "ragpulse_probe_failures_total", "ragpulse_vllm_state"
CHECKS = {
    "chroma": ("heartbeat", "ready", "query", "recall"),
    "memory": ("health", "ready", "search"),
    "http": ("response",),
    "site": ("response",),  # of kind http too, but one whose answer is read and whose redirects are followed
    "vllm": ("health", "ready"),
    "rag": ("path",),
}


def sources(url: str, secret: Path, request_timeout: float, kinds: Collection[str]) -> list[Source]:
    """Of these kinds, all that ask `url`. vLLM's source derives its limits from its interval."""
    file = str(secret)
    check = MemoryCheck(path="/status", json_field="status")
    chroma = Chroma(kind="chroma", nodes=("sark",), url=url, token_file=file, query=ChromaQuery(collection="documents"))
    memory = Memory(
        kind="memory",
        nodes=("sark",),
        url=url,
        auth=HeaderAuth(value_file=file),
        health=check,
        ready=check,
        search=MemoryCheck(path="/search", method="POST", json_field="status"),
        gauges={"entries": "entries", "deep": "a.b.c"},
    )
    trip = Memory(
        kind="memory", nodes=("sark",), url=url, auth=HeaderAuth(value_file=file), roundtrip=_trip(request_timeout)
    )
    site = Http(
        kind="http",
        nodes=("sark",),
        url=f"{url}/status",
        auth=HeaderAuth(value_file=file),
        redirects=3,
        expect=HttpExpect.model_validate({"json": {"status": "ok"}}),
    )
    vllm = Vllm(kind="vllm", nodes=("sark",), url=url, api_key_file=file)
    shown = {"url": url, "model": "llama", "auth": {"value_file": file}}
    rag = Rag.model_validate(
        {
            "kind": "rag",
            "nodes": ["sark"],
            "stages": [
                {"operation": "embeddings", **shown},
                {"operation": "retrieval", "service": "chroma"},
                {"operation": "search_memory", "service": "memory"},
                {"operation": "chat", **shown},
            ],
        }
    )
    asked: dict[str | None, AnyService] = {"chroma": chroma, "memory": memory}
    stages = [Stage(one.operation, one.operation, one, one.service, asked.get(one.service)) for one in rag.stages]
    # Ray's dashboard and its metrics page are the same server.
    ray = Ray(kind="ray", nodes=("sark",), url=url, token_file=file, metrics_ports=(urlsplit(url).port or 0,))
    of = {kind: plan(kind, request_timeout=request_timeout, response=1.0) for kind in CHECKS}
    quick = replace(of["chroma"], interval=4 * request_timeout)
    everything: list[Source] = [
        ChromaProbe(of["chroma"], chroma),
        ChromaState(quick, chroma),
        ChromaExposure(of["chroma"], chroma),
        ChromaSource(quick, chroma),
        RecallSource("chroma", chroma, _canary(secret.with_name("golden.json"), 4 * request_timeout)),
        memory_probe(of["memory"], memory),
        MemorySource(of["memory"], memory),
        MemoryRoundTripSource(replace(of["memory"], service="trip"), trip),
        http_probe(of["http"], Http(kind="http", nodes=("sark",), url=url)),
        http_probe(of["site"], site),
        vllm_probe(of["vllm"], vllm),
        rag_probe(of["rag"], rag, stages),
        VllmSource("vllm", vllm, 4 * request_timeout),
        RayHeadSource(
            replace(quick, service="ray", interval=8 * request_timeout), ray, {"sark": Node(address="127.0.0.1")}
        ),
    ]
    return [source for source in everything if source.name.partition(":")[2] in kinds]


def _trip(request_timeout: float) -> MemoryRoundTrip:
    return MemoryRoundTrip.model_validate(
        {
            "timeout": f"{request_timeout}s",
            "readable_within": "1ms",
            "write": {"path": "/trips", "json": {"text": "{nonce}"}, "id_field": "id"},
            "read": {"path": "/trips/{id}"},
            "delete": {"path": "/trips/{id}"},
            "leftovers": {"path": "/trips?left", "list_field": "left", "id_field": "id", "text_field": "text"},
        }
    )


def _canary(file: Path, every: float) -> ChromaCanary:
    golden_file.write(file, "documents", Golden((GOLDEN,)))
    return ChromaCanary.model_validate({"collection": "documents", "golden_file": str(file), "every": f"{every}s"})


class Watch:
    """All of them, and a healthy source, on a page of their own."""

    def __init__(
        self, url: str, secret: Path, request_timeout: float = PATIENT, kinds: Collection[str] = tuple(CHECKS)
    ) -> None:
        self._page = Page(time.monotonic)
        watched = [*sources(url, secret, request_timeout, kinds), FakeSource("healthy", lambda: [up("healthy")])]
        self._runners = [Runner(source, self._page) for source in watched]
        self._log = io.BytesIO()  # one buffer: a thousand rounds are to leave nothing behind

    def __enter__(self) -> Self:
        self._handler = logging.StreamHandler(io.TextIOWrapper(self._log, "utf-8", write_through=True))
        _LOGGER.addHandler(self._handler)
        _LOGGER.propagate = False  # the records that pytest keeps would pass for ours
        for runner in self._runners:
            runner.start()
        return self

    def __exit__(self, *_: object) -> None:
        _LOGGER.propagate = True
        _LOGGER.removeHandler(self._handler)
        for runner in self._runners:
            runner.stop()
            runner._thread.join(PATIENT)

    def round(self) -> None:
        """One run of each, side by side; one that is late is cut, as the scheduler would."""
        start = time.monotonic()
        before = [(runner, runner.due(), runner.health) for runner in self._runners]

        def finished() -> bool:
            for runner, run, health in before:
                assert run is not None, f"{runner.source.name} still runs"
                if runner.health is health and time.monotonic() - start > runner.source.timeout:
                    runner.deadline(run)
            return all(runner.health is not health for runner, _, health in before)

        until(finished, "everything has run", seconds=120)

    def seen(self) -> "Seen":
        return Seen(
            page=self._page.text().decode(),
            landing=landing(About("sark"), self._runners, time.time()),
            log=self._log.getvalue().decode(),
            health={runner.source.name: runner.health for runner in self._runners},
        )


@dataclass(frozen=True)
class Seen:
    """What is to be seen from outside."""

    page: str
    landing: str
    log: str
    health: dict[str, Health]

    def series(self) -> dict[tuple[str, ...], float]:
        """(name, label value, …) → value as the official parser reads it. Errors: AssertionError for one said twice."""
        return _read(self.page)

    def errors(self) -> dict[str, str]:
        """Source → why its last run was none."""
        return {name: str(health.error) for name, health in self.health.items() if health.state != "ok"}

    def state_of_vllm(self) -> str | None:
        return next((name[2] for name, is_so in self.series().items() if name[0] == _STATE and is_so), None)

    def assert_contained(self) -> None:
        """Whatever the service did: it cost nothing but its own readings, and nothing of it came through unbounded."""
        series = self.series()
        assert series["ragpulse_service_up", "healthy"] == series["ragpulse_source_runs_total", "healthy", "ok"]
        assert self.health["healthy"].state == "ok"
        assert len(series) < MOST_SERIES
        assert max(len(label) for name in series for label in name[1:]) <= MAX_LENGTH
        for name, error in self.errors().items():
            assert self.health[name].state == "error", f"{name} had to be cut: {error}"
            assert not re.match(r"\w+ \(\w+\.py:\d+\)", error), f"{name} ended in an error without a name: {error}"
            assert len(error) <= 200
            assert error.isprintable()
        for text in (self.page, self.landing, self.log):
            assert SECRET not in text

    def failures(self) -> dict[tuple[str, str], str]:
        """(service, check) → why it failed."""
        return {(name[1], name[2]): name[3] for name, count in self.series().items() if name[0] == _FAILURES and count}


@lru_cache(maxsize=1)
def _read(page: str) -> dict[tuple[str, ...], float]:
    """What is seen is looked at from many sides, one after the other: it is read once."""
    families = list(text_string_to_metric_families(page))
    assert len({family.name for family in families}) == len(families)
    listed = [((line.name, *line.labels.values()), line.value) for family in families for line in family.samples]
    found = dict(listed)
    assert len(found) == len(listed)
    return found

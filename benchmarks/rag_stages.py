"""Is the stage of a RAG path that has become slow named as such, and do the times of the stages make up the whole?

Source: the demo's services, real Chroma among them, and an embedder that answers at once, each behind a relay that
delays the answers of one stage. A path for each stage, all walked at the same time by the agent's own probe. Seconds.
Errors: RagpulseError.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.limits import Judgement
from benchmarks.markdown import Row, milliseconds, table
from benchmarks.pacing import Advance
from exporters.probe import Plan
from exporters.rag_path import rag_probe
from exporters.rag_probe import RagProbe
from exporters.rag_usual import FEW
from ragpulse import cluster_file
from ragpulse.catalogue.rag import SLOWEST_STAGE, STAGE_DURATION
from ragpulse.catalogue.service import DURATION, FAILURES
from ragpulse.demo.relay import relay
from ragpulse.errors import RagpulseError
from ragpulse.metric import Metric
from ragpulse.rag_stages import Stage, stages
from ragpulse.services import Rag, RagStage

INJECTED = 0.5
_WALK = 1.0  # about, with what is injected
_DIMENSION = 384  # of the demo's collection
_PATH = "rag"
_APART = 0.05
_SECTION = """
## Which stage is slow

The demo's path, with an embedder in front that answers at once. After {few} walks, by
which the usual times are known, the answers of one stage are delayed by {injected:.0f} ms in each of {walks}. Named is
the stage that `ragpulse_rag_slowest_stage` says; the times are means of a walk.
"""


@dataclass(frozen=True, slots=True)
class Slowed:
    """named: how many walks named the stage that was slow. stages, whole: seconds of all walks together."""

    stage: str
    walks: int
    named: int
    stages: float
    whole: float

    @property
    def apart(self) -> float:
        return abs(self.stages / self.whole - 1)


def seconds(walks: int) -> float:
    """About how long it takes."""
    return 2 + FEW * (_WALK - INJECTED) + walks * _WALK


def measure(demo: Path, walks: int, advance: Advance) -> list[Slowed]:
    """`demo`: the cluster file of a demo that runs."""
    cluster = cluster_file.load(demo)
    path = next(service for service in cluster.services.values() if isinstance(service, Rag))
    with _embedder() as url:
        written = RagStage(operation="embeddings", url=url, model="embedder")
        whole = (Stage("embeddings", "embeddings", written, None, None), *stages(cluster, path))
        with ThreadPoolExecutor(len(whole)) as pool:
            found = [pool.submit(_slowed, path, whole, stage.name, walks, advance) for stage in whole]
            return [one.result() for one in found]


def judge(found: list[Slowed]) -> Iterator[Judgement]:
    for one in found:
        share = one.named / one.walks
        yield Judgement(f"walks that name the slow stage {one.stage}, of all", share, 1.0, at_least=True)
    yield Judgement("times of all stages / of the whole path, away from 1", max(one.apart for one in found), _APART)


def section(found: list[Slowed]) -> str:
    head = ("slow stage", "named", "walks", "all stages, ms", "whole path, ms")
    return (
        _SECTION.format(injected=INJECTED * 1000, few=FEW, walks=found[0].walks) + "\n" + table(head, map(_row, found))
    )


def _row(one: Slowed) -> Row:
    means = (milliseconds(one.stages / one.walks), milliseconds(one.whole / one.walks))
    return (one.stage, str(one.named), str(one.walks), *means)


def _slowed(path: Rag, whole: tuple[Stage, ...], slow: str, walks: int, advance: Advance) -> Slowed:
    with ExitStack() as stack:
        relays = {stage.name: stack.enter_context(relay(_url(stage))) for stage in whole}
        behind = [_at(stage, relays[stage.name].url) for stage in whole]
        probe = rag_probe(Plan(_PATH, path.nodes, interval=60.0, request_timeout=30.0, targets={}), path, behind)
        for _ in range(FEW):
            _walked(probe)
            advance()
        before = _times(probe)
        relays[slow].delay = INJECTED
        named = 0
        for _ in range(walks):
            named += _walked(probe) == slow
            advance()
        took = {what: time - before[what] for what, time in _times(probe).items()}
    if failed := [sample for sample in probe.counters() if sample.metric is FAILURES and sample.value]:
        raise RagpulseError(f"the path was broken while it was measured: {failed[0].labels}")
    return Slowed(slow, walks, named, took["stages"], took["whole"])


def _walked(probe: RagProbe) -> str:
    """The stage that is named as the slow one."""
    return next(one.labels[1] for one in probe.read() if one.metric is SLOWEST_STAGE and one.value)


def _times(probe: RagProbe) -> Mapping[str, float]:
    def total(metric: Metric) -> float:
        return sum(one.value for one in probe.counters() if one.metric is metric and one.suffix == "_sum")

    return {"stages": total(STAGE_DURATION), "whole": total(DURATION)}


def _url(stage: Stage) -> str:
    if stage.asks is not None and stage.asks.kind in ("chroma", "memory", "vllm"):
        return stage.asks.url
    if stage.written is not None and stage.written.url is not None:
        return stage.written.url
    raise RagpulseError(f"the demo's stage {stage.name} asks nobody")


def _at(stage: Stage, url: str) -> Stage:
    """The same, asked elsewhere."""
    if stage.asks is not None:
        return replace(stage, asks=stage.asks.model_copy(update={"url": url}))
    return replace(stage, written=RagStage(operation="embeddings", url=url, model="embedder"))


class _Embedder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    _answer = json.dumps({"data": [{"embedding": [1.0] * _DIMENSION}]}).encode()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self._answer)))
        self.end_headers()
        self.wfile.write(self._answer)

    def log_message(self, *_: object) -> None:
        """Silence."""


@contextmanager
def _embedder() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Embedder) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

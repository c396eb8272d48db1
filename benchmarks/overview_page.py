"""How long does the Overview page take beside what it asks Prometheus, with a week of data?

A real Prometheus with a week of the demo's cluster and all its rules (listed, not evaluated: what they would record is
there), a real Alertmanager, and `ragpulse overview` as `up` starts it. In turn the page is loaded, and its questions
are asked by themselves, all at once as the page asks them: both over kept bare connections and without a look at the
answers, so that no HTTP client of ours is taken for a part of Prometheus. Seconds. Errors: RagpulseError.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpcore
import httpx
import yaml

from benchmarks import page_week
from benchmarks.bare_questions import BareQuestions
from benchmarks.latency import percentile
from benchmarks.limits import Judgement
from benchmarks.markdown import Row, milliseconds, table
from benchmarks.pacing import Advance
from benchmarks.progress import say
from benchmarks.started import HOST, Server, Servers, free_port
from ragpulse import cluster_file
from ragpulse.commands import generate
from ragpulse.demo.cluster import cluster_text, keep_secrets
from ragpulse.demo.ports import DemoPorts
from ragpulse.errors import RagpulseError
from ragpulse.inventory import Cluster
from ragpulse.overview.alertmanager_api import AlertmanagerApi
from ragpulse.overview.collect import collect
from ragpulse.overview.kept_connections import KeptConnections
from ragpulse.overview.prometheus_api import PrometheusApi
from ragpulse.stack import binaries
from ragpulse.stack.plan import PROMETHEUS_ENVIRONMENT

P95_RATIO = 3.0
_WRITING, _LOAD = 40.0, 0.3  # seconds, about
_WARM = 5  # loads that do not count: first connections, templates, Prometheus's first look at its blocks
_SECTION = """
## The Overview page

{loads} loads of the page with a week of data ({week.series} series, {week.samples} samples; {of}), in turn
with its own {questions} questions to Prometheus, asked by themselves and all at once. All is well in the data, and the
page has {size:.0f} KiB.
"""


@dataclass(frozen=True, slots=True)
class PageTimes:
    """of: which Prometheus. size: bytes. page, asked: seconds of each load, and of its questions, shortest first."""

    of: str
    week: page_week.Written
    questions: int
    size: int
    page: list[float]
    asked: list[float]


def seconds(loads: int) -> float:
    """About how long it takes."""
    return _WRITING + (loads + _WARM) * _LOAD


def measure(folder: Path, loads: int, advance: Advance) -> PageTimes:
    programs = binaries.at_hand(os.environ, say)
    if programs is None:
        raise RagpulseError("there is no Prometheus in RAGPULSE_BIN or on PATH; `make bench` sets it up")
    config = _cluster_file(folder)
    cluster = cluster_file.load(config)
    begin = time.time()
    urls = asyncio.run(questions(cluster, f"http://{HOST}", begin))
    expressions = [url.params["query"] for url in urls if "query" in url.params]
    week = page_week.write(cluster, expressions, programs.promtool, begin, folder)
    with Servers(folder) as servers:
        prometheus = _prometheus(servers, programs.prometheus, cluster, folder)
        alertmanager = _alertmanager(servers, programs.alertmanager, folder)
        port = free_port()
        page = servers.program(
            (
                sys.executable, "-m", "ragpulse", "overview", f"--config={config}", f"--listen={HOST}:{port}",
                f"--prometheus=http://{prometheus.address}", f"--alertmanager=http://{alertmanager.address}",
            ),
            port, "/healthz",
        )  # fmt: skip
        servers.wait()
        asked = asyncio.run(questions(cluster, f"http://{prometheus.address}", time.time()))
        found = asyncio.run(_in_turn(f"http://{page.address}/", asked, loads, advance))
    if time.time() > week.until:
        raise RagpulseError("the data of the page grew old while it was measured; is the machine starved?")
    of = "Prometheus " + ".".join(map(str, binaries.version(programs.prometheus)))
    return PageTimes(of, week, len(asked), *found)


def judge(found: PageTimes) -> Judgement:
    ratio = percentile(found.page, 0.95) / percentile(found.asked, 0.95)
    return Judgement("Overview page p95 / its questions by themselves", ratio, P95_RATIO)


def section(found: PageTimes) -> str:
    text = _SECTION.format(
        loads=len(found.page), week=found.week, of=found.of, questions=found.questions, size=found.size / 1024
    )
    return text + "\n" + table(("", "p50, ms", "p95, ms"), _rows(found))


def _rows(found: PageTimes) -> Iterator[Row]:
    for what, taken in (("the page", found.page), ("its questions", found.asked)):
        yield what, milliseconds(percentile(taken, 0.5)), milliseconds(percentile(taken, 0.95))


async def questions(cluster: Cluster, prometheus: str, now: float) -> list[httpx.URL]:
    """What the page asks Prometheus at that moment: noted where nobody answers anything."""
    noted = _Noted()
    await collect(cluster, PrometheusApi(noted, prometheus), AlertmanagerApi(_Noted(), f"http://{HOST}"), None, now)
    return noted.asked


class _Noted(KeptConnections):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[httpx.URL] = []

    @asynccontextmanager
    async def answer(self, url: str) -> AsyncIterator[httpcore.Response]:
        """Nothing, in the words of whoever is asked."""
        self.asked.append(asked := httpx.URL(url))
        kind = {"/api/v1/query": "vector", "/api/v1/query_range": "matrix"}.get(asked.path, "")
        told = {"status": "success", "data": {"resultType": kind, "result": [], "groups": []}}
        yield httpcore.Response(200, content=json.dumps([] if "/v2/" in asked.path else told).encode())


async def _in_turn(
    page: str, asked_for: list[httpx.URL], loads: int, advance: Advance
) -> tuple[int, list[float], list[float]]:
    """Bytes of the page; what each load of it and each round of questions took, in order of length."""
    pages: list[float] = []
    alone: list[float] = []
    loaded, asked = BareQuestions([httpx.URL(page)]), BareQuestions(asked_for)
    await loaded.connect()
    await asked.connect()
    for load in range(_WARM + loads):
        begin = time.perf_counter()
        await loaded.ask()
        between = time.perf_counter()
        await asked.ask()
        ended = time.perf_counter()
        if load >= _WARM:
            pages.append(between - begin)
            alone.append(ended - between)
        advance()
    await loaded.close()
    await asked.close()
    async with httpx.AsyncClient(trust_env=False) as client:
        shown = await client.get(page)
    if not shown.is_success or "cannot be asked" in shown.text:
        raise RagpulseError("the page could not ask all of its questions while it was measured")
    return len(shown.content), sorted(pages), sorted(alone)


def _cluster_file(folder: Path) -> Path:
    """That of the demo; nothing that it names is asked for anything."""
    keep_secrets(folder)
    file = folder / "cluster.yaml"
    file.write_text(cluster_text(folder, DemoPorts()))
    return file


def _prometheus(servers: Servers, program: Path, cluster: Cluster, folder: Path) -> Server:
    (folder / "rules").mkdir()
    for name, text in generate.files(cluster).items():
        if "/rules/" in name:
            groups = yaml.safe_load(text)["groups"]
            never = {"groups": [group | {"interval": "1y"} for group in groups]}
            (folder / "rules" / Path(name).name).write_text(yaml.safe_dump(never))
    (folder / "prometheus.yml").write_text(f"rule_files: [{folder / 'rules'}/*.yml]\n")
    port = free_port()
    argv = (
        str(program), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=40d", f"--web.listen-address={HOST}:{port}",
    )  # fmt: skip
    return servers.program(argv, port, "/-/ready", {**os.environ, **PROMETHEUS_ENVIRONMENT})


def _alertmanager(servers: Servers, program: Path, folder: Path) -> Server:
    (folder / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    port = free_port()
    argv = (
        str(program), f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={HOST}:{port}", "--cluster.listen-address=",
    )  # fmt: skip
    return servers.program(argv, port, "/-/ready")

"""How long does the Overview page take beside what it asks Prometheus, with a week of data?

A real Prometheus with a week of the demo's cluster and all its rules (listed, not evaluated: what they would record is
there), a real Alertmanager, and `ragpulse overview` as `up` starts it. In turn the page is loaded, on one kept
connection, and its questions are asked by themselves, all at once as the page asks them, without a look at the answers:
by the HTTP client that the page has too, and over bare connections, which shows what that client takes. Seconds.
Errors: RagpulseError.
"""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
    """of: which Prometheus. size: bytes. page, asked, bare: seconds of each load, and of its questions, the
    shortest first.
    """

    of: str
    week: page_week.Written
    questions: int
    size: int
    page: list[float]
    asked: list[float]
    bare: list[float]


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
    for what, taken in (
        ("the page", found.page),
        ("its questions, by the same client", found.asked),
        ("its questions, over bare connections", found.bare),
    ):
        yield what, milliseconds(percentile(taken, 0.5)), milliseconds(percentile(taken, 0.95))


async def questions(cluster: Cluster, prometheus: str, now: float) -> list[httpx.URL]:
    """What the page asks Prometheus at that moment: noted where nobody answers anything."""
    asked: list[httpx.URL] = []

    def note(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        kind = {"/api/v1/query": "vector", "/api/v1/query_range": "matrix"}.get(request.url.path, "")
        return httpx.Response(200, json={"status": "success", "data": {"resultType": kind, "result": [], "groups": []}})

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(note)) as noted,
        httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=[]))) as elsewhere,
    ):
        apis = PrometheusApi(noted, prometheus), AlertmanagerApi(elsewhere, f"http://{HOST}")
        await collect(cluster, *apis, None, now)
    return asked


async def _in_turn(
    page: str, asked_for: list[httpx.URL], loads: int, advance: Advance
) -> tuple[int, list[float], list[float], list[float]]:
    """Bytes of the page; what each load of it and each round of questions took, in order of length."""
    pages: list[float] = []
    alone: list[float] = []
    bare: list[float] = []
    barely = BareQuestions(asked_for)
    await barely.connect()
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        for load in range(_WARM + loads):
            begin = time.perf_counter()
            shown = await client.get(page)
            loaded = time.perf_counter()
            answers = await asyncio.gather(*map(client.get, asked_for))
            asked = time.perf_counter()
            await barely.ask()
            ended = time.perf_counter()
            if failed := [one for one in (shown, *answers) if not one.is_success]:
                raise RagpulseError(f"{failed[0].url} answers {failed[0].status_code}")
            if load >= _WARM:
                pages.append(loaded - begin)
                alone.append(asked - loaded)
                bare.append(ended - asked)
            advance()
    await barely.close()
    if "cannot be asked" in shown.text:
        raise RagpulseError("the page could not ask all of its questions while it was measured")
    return len(shown.content), sorted(pages), sorted(alone), sorted(bare)


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

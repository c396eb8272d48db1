"""The page against a real Prometheus: it scrapes a page of ours and records the names of `ragpulse.recorded`."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

import pytest

from ragpulse.overview.facts import Overview, Since
from tests.fakes.binaries import binary, each_generation
from tests.fakes.mixed_cluster import cluster
from tests.fakes.overview_of import overview_at, states, verdict
from tests.fakes.running import free_ports

T = TypeVar("T")

# One second between scrapes, so that a verdict is there within three and stale after eight.
CLUSTER = """\
cluster: demo
nodes: {alpha: {address: 127.0.0.1}}
services:
  chroma: {kind: chroma, nodes: [alpha], url: 'http://127.0.0.1:8001', query: {collection: documents}}
  vllm: {kind: vllm, nodes: [alpha], url: 'http://127.0.0.1:8000'}
monitoring: {scrape_interval: 1s}
"""
RULES = """\
groups:
  - name: all
    interval: 1s
    rules:
      - {record: 'ragpulse:slo_met:bool5m', expr: 'max by (slo, service, check) (test_met)'}
      - {record: 'ragpulse:slo_value:rate1m', expr: 'max by (slo, service, check) (test_value)'}
      - {record: 'ragpulse:slo_value:rate5m', expr: 'max by (slo, service, check) (test_value) - 0.001'}
      - {record: 'ragpulse:slo_total:rate1m', expr: 'max by (slo, service, check) (test_total)'}
      - {record: 'ragpulse:component_state', expr: '1 + max by (service) (ragpulse_service_up)',
         labels: {component: chroma, kind: service}}
      - {alert: Watchdog, expr: 'vector(1)', labels: {severity: info}}
      - {alert: ServiceNotReady, expr: 'ragpulse_service_ready == 0', labels: {severity: page, component: chroma},
         annotations: {summary: 'chroma is not ready'}}
      - {alert: Broken, expr: 'test_met + on (job) test_value'}
"""
QUERY = 'slo="response_time",service="chroma",check="query"'
PAGE = f"""\
test_met{{slo="availability",service="chroma",check="ready"}} 0
test_met{{{QUERY}}} 1
test_value{{slo="availability",service="chroma",check="ready"}} 0.5
test_value{{{QUERY}}} 0.99996
test_total{{slo="throughput",service="vllm",check="generation"}} 0
ragpulse_service_up{{service="chroma"}} 1
ragpulse_service_ready{{service="chroma"}} 0
ragpulse_gpu_state{{state="none"}} 1
ragpulse_vllm_state{{service="vllm",state="serving"}} 1
"""


class Agent:
    """A page of samples. A failure counter on it grows from scrape to scrape."""

    def __init__(self) -> None:
        self.page = PAGE
        self.scrapes = 0

    def text(self) -> str:
        self.scrapes += 1
        failures = f'ragpulse_probe_failures_total{{service="chroma",check="ready",reason="auth"}} {self.scrapes}\n'
        return self.page + failures


@contextmanager
def page_of(agent: Agent) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = agent.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def prometheus(folder: Path, target: str, generation: int) -> Iterator[str]:
    (folder / "rules.yml").write_text(RULES)
    jobs = [{"job_name": "ragpulse-agent", "static_configs": [{"targets": [target], "labels": {"node": "alpha"}}]}]
    times = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config = {
        "global": {**times, "external_labels": {"cluster": "demo"}},
        "rule_files": ["rules.yml"],
        "scrape_configs": jobs,
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    place = f"127.0.0.1:{free_ports(1)[0]}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                binary("prometheus", generation), f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={place}",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield f"http://{place}"
    finally:
        process.kill()
        process.wait()


def until(what: str, look: Callable[[], T], good: Callable[[T], bool], seconds: float = 40) -> T:
    deadline = time.monotonic() + seconds
    while not good(found := look()):
        assert time.monotonic() < deadline, f"{what}: {found}"
        time.sleep(0.2)
    return found


@each_generation
def test_the_page_tells_what_a_real_prometheus_recorded_and_forgets_what_is_no_longer_true(
    tmp_path: Path, generation: int
) -> None:
    agent = Agent()

    def look(url: str) -> Overview:
        return overview_at(url, "http://127.0.0.1:9", of=cluster(CLUSTER), now=time.time())

    with page_of(agent) as target, prometheus(tmp_path, target, generation) as url:
        known = until(
            "verdicts, failures and alerts",
            lambda: look(url),
            lambda seen: (
                verdict(seen, "availability", "chroma").state == "missed"
                and len(seen.alerts.shown) == 1
                and "fails: auth" in "".join(component.reason for component in seen.components)
                and verdict(seen, "availability", "chroma").history is not None
                and verdict(seen, "response_time", "chroma").since != Since()
            ),
        )
        missed, met = verdict(known, "availability", "chroma"), verdict(known, "response_time", "chroma")
        assert (missed.value_text, missed.value_long_text) == ("50 % in the last minute", "49.9 % in 5 min")
        assert (met.state, met.value_text) == ("met", "99.99 % in the last minute")
        assert verdict(known, "throughput", "vllm").why == "no demand: no request waited"
        assert verdict(known, "gpu_utilization", "vllm").why == "no GPU on its nodes"
        assert states(known)["chroma"] == "degraded"
        (alert,) = known.alerts.shown
        assert (alert.name, alert.state, alert.value) == ("ServiceNotReady", "firing", "0")
        assert (alert.expression, alert.summary) == ("ragpulse_service_ready == 0", "chroma is not ready")
        assert alert.since == pytest.approx(time.time(), abs=60)
        assert "cannot be evaluated: Broken" in known.alerts.caution
        assert known.banner.sentence.startswith("1 target missed: chroma (availability)")

        # Values that Prometheus would still give out for five minutes are not today's: these are 20 s old. Something
        # else of the same objective is new.
        old = round((time.time() - 20) * 1000)
        of = '{slo="response_time",service="vllm",check="inter_token"}'
        agent.page = f"ragpulse:slo_met:bool5m{of} 1 {old}\ntest_value{of} 0.9\n"
        forgotten = until(
            "what is no longer measured is unknown",
            lambda: look(url),
            lambda seen: {found.state for found in seen.objectives} == {"unknown"},
        )
        assert forgotten.banner.sentence == "Unknown: no target can be judged"
        assert forgotten.problem == ""
    assert look(url).problem.startswith("Prometheus cannot be asked: ")

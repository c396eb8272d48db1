"""A real vLLM, loaded, stopped and killed under an agent: what the agent says of it. `make test-vllm` runs this."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from exporters.vllm_names import FAMILIES
from ragpulse.catalogue import vllm
from ragpulse.catalogue.vllm import STATES
from ragpulse.stack.process import Process
from tests.fakes.real_vllm import KEY, MODEL, RealVllm, real_vllm
from tests.fakes.running import answers, free_ports, running, until

pytestmark = pytest.mark.vllm

STALLED_WITHIN = 30.0
DOWN_WITHIN = 15.0
USERS = 24
TOKENS = 64
CLUSTER = """\
cluster: real
nodes: {{box: {{address: 127.0.0.1, port: {port}, gpu: disabled}}}}
services:
  vllm: {{kind: vllm, nodes: [box], url: '{url}', model: {model}, api_key_file: {key}}}
targets:
  time_to_first_token: {{below: 2s, objective: 0.95}}
"""


class Watched:
    """A real vLLM and the page of the agent that watches it."""

    def __init__(self, server: RealVllm, page: str) -> None:
        self.server = server
        self._page = page

    def samples(self) -> dict[str, float]:
        lines = httpx.get(self._page, timeout=5.0).text.splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}

    def value(self, name: str) -> float:
        return self.samples()[f'ragpulse_{name}{{service="vllm"}}']

    def total(self, name: str) -> float:
        return sum(value for series, value in self.samples().items() if series.startswith(f"ragpulse_{name}{{"))

    def state(self) -> str:
        found = self.samples()
        return next((name for name in STATES if found.get(f'ragpulse_vllm_state{{service="vllm",state="{name}"}}')), "")

    def seconds_until(self, holds: Callable[[], bool], within: float, what: str) -> float:
        start = time.monotonic()
        while time.monotonic() - start <= within:
            if holds():
                return time.monotonic() - start
            time.sleep(0.25)
        raise AssertionError(f"not within {within} s: {what}; it is {self.state()}")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The agent is there before the server: it sees it load."""
    folder = tmp_path_factory.mktemp("vllm")
    environment = Path(os.environ["RAGPULSE_VLLM"])
    agent_port, port = free_ports(2)
    (folder / "key").write_text(KEY)
    (folder / "key").chmod(0o600)
    (folder / "cluster.yaml").write_text(
        CLUSTER.format(port=agent_port, url=f"http://127.0.0.1:{port}", model=MODEL, key=folder / "key")
    )
    argv = (sys.executable, "-m", "ragpulse", "agent", "--config", str(folder / "cluster.yaml"), "--node", "box")
    with (
        running(Process("agent", argv, "the agent"), folder / "agent.log"),
        real_vllm(environment, port, folder / "vllm.log") as server,
    ):
        until(lambda: answers(f"http://127.0.0.1:{agent_port}/healthz"), "the agent answers")
        yield Watched(server, f"http://127.0.0.1:{agent_port}/metrics")


def test_it_is_seen_to_load_and_then_to_serve(watched: Watched) -> None:
    watched.seconds_until(lambda: watched.state() == "loading", 30.0, "its process was seen")
    took = watched.server.wait_until_healthy()
    served = watched.seconds_until(lambda: watched.state() == "serving", 15.0, "it serves")
    told = watched.value("vllm_loading_seconds")
    assert told == pytest.approx(took, abs=10.0)
    watched.seconds_until(lambda: watched.total("vllm_canary_tokens_total") > 0, 30.0, "a canary was answered")
    watched.seconds_until(lambda: watched.value("service_ready") == 1, 15.0, "it is ready")
    print(f"loading: health after {took:.0f} s, told {told:.0f} s, serving seen {served:.1f} s later")


def test_what_it_counts_under_load_is_what_the_agent_says(watched: Watched) -> None:
    statuses: list[int] = []
    ends = time.monotonic() + 20.0

    def user() -> None:
        while time.monotonic() < ends:
            statuses.append(watched.server.post(TOKENS))

    users = [threading.Thread(target=user) for _ in range(USERS)]
    for thread in users:
        thread.start()
    for thread in users:
        thread.join()
    assert set(statuses) == {200}
    seconds, tokens = watched.total("vllm_demand_seconds_total"), watched.total("vllm_demand_generation_tokens_total")
    assert seconds >= 10.0
    assert tokens > 0
    watched.seconds_until(
        lambda: watched.total("vllm_generation_tokens_total") >= len(statuses) * TOKENS, 20.0, "all tokens are counted"
    )
    offered = watched.samples()
    missing = {
        metric.name
        for metric in FAMILIES
        if not offered[f'ragpulse_vllm_metric_offered{{service="vllm",metric="{metric.name}"}}']
    }
    # What only options bring: speculative decoding, and a look for NaN.
    assert missing <= {vllm.DRAFT_TOKENS.name, vllm.ACCEPTED_TOKENS.name, vllm.CORRUPTED_REQUESTS.name}
    print(f"load: {len(statuses)} answers, {tokens:.0f} tokens in {seconds:.0f} s of demand")


def test_a_worker_that_is_stopped_is_a_stall_though_health_says_200(watched: Watched) -> None:
    watched.seconds_until(lambda: watched.state() == "serving", 30.0, "it is quiet again")
    worker = watched.server.worker()
    worker.send_signal(signal.SIGSTOP)
    try:
        stalled = watched.seconds_until(lambda: watched.state() == "stalled", STALLED_WITHIN, "the stall is seen")
        assert httpx.get(f"{watched.server.url}/health", timeout=5.0).status_code == httpx.codes.OK
        watched.seconds_until(lambda: watched.value("service_ready") == 0, 15.0, "it is not ready")
        assert watched.value("service_up") == 1
    finally:
        worker.send_signal(signal.SIGCONT)
    healed = watched.seconds_until(lambda: watched.state() == "serving", 30.0, "it serves again")
    print(f"stopped: stalled after {stalled:.1f} s, serving again {healed:.1f} s after it went on")


def test_a_worker_that_is_killed_takes_the_server_down(watched: Watched) -> None:
    watched.server.worker().kill()
    down = watched.seconds_until(lambda: watched.state() in ("down", "refusing"), DOWN_WITHIN, "it is gone")
    watched.seconds_until(lambda: watched.value("service_up") == 0, 30.0, "it does not answer")
    print(f"killed: seen after {down:.1f} s")

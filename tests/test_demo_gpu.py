"""The demo's GPUs: as busy as the stand-in for vLLM, never without saying that they are simulated."""

import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ragpulse.demo.agent import scenario
from ragpulse.demo.cluster import cluster_text, keep_secrets
from ragpulse.demo.gpu.followed import Followed
from ragpulse.demo.gpu.follower import Follower
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.ports import DemoPorts
from ragpulse.demo.processes import agent_of_the_demo
from ragpulse.stack.process import Process
from tests.fakes import loopback
from tests.fakes.http_replay import Behaviour, Replay, reply
from tests.fakes.nvml_library import Clock
from tests.fakes.running import answers, free_ports, running, until


def test_what_was_told_goes_on_and_sums_never_jump() -> None:
    followed = Followed({"watts": 5.0})
    followed.tell(10.0, {"watts": 50.0})
    followed.tell(12.0, {})
    followed.tell(20.0, {"watts": 10.0})
    assert [followed.value("watts", at) for at in (0.0, 9.9, 10.0, 11.9, 12.0, 20.0, 99.0)] == [5, 5, 50, 50, 0, 10, 10]
    assert [followed.total("watts", at) for at in (0.0, 10.0, 12.0, 20.0, 21.0)] == [0, 50, 150, 150, 160]
    assert followed.mean("watts", 9.0, 11.0) == 27.5
    assert followed.mean("watts", 11.0, 11.0) == 50
    assert followed.total("none", 20.0) == 0


def test_what_is_long_past_is_forgotten_but_for_its_sum() -> None:
    followed = Followed({"watts": 1.0})
    for second in range(1, 10_001):
        followed.tell(float(second), {"watts": 1.0 + second % 2})
    assert len(followed._told) < 70
    assert followed.total("watts", 10_000.0) == 1 + 9_999 + 5_000
    assert followed.mean("watts", 9_990.0, 9_992.0) == 1.5


def page_with(running: int) -> bytes:
    return (
        f'# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{{engine="0",model_name="m"}} {running}.0\n'
        'vllm:num_requests_waiting{engine="0",model_name="m"} 9.0\n'
    ).encode()


@pytest.mark.parametrize(
    ("answer", "lowest", "highest"),
    [
        pytest.param(reply(200, page_with(4)), 78, 93, id="all slots in use"),
        pytest.param(reply(200, page_with(1)), 1, 10, id="a single request"),
        pytest.param(reply(200, page_with(0)), 0, 0, id="no request"),
        pytest.param(reply(503), 0, 0, id="a stand-in that refuses"),
        pytest.param(reply(200, b"vllm:num_requests_running x\n"), 0, 0, id="no number"),
    ],
)
def test_a_gpu_is_as_busy_as_the_stand_in(answer: Behaviour, lowest: int, highest: int, replay: Replay) -> None:
    clock = Clock()
    told = scenario("alpha")
    library = NvmlLibrary(told, clock)
    replay.routes["GET", "/metrics"] = answer
    follower = Follower(library, told["devices"][0]["load"], f"{replay.url}/metrics")
    seen = set()
    for _ in range(60):
        follower.look()
        seen.add(library.plugged[0].load.value("utilization", library.now()))
        clock.pass_(1.0)
    assert lowest <= min(seen) <= max(seen) <= highest


def test_without_a_stand_in_the_gpu_is_idle() -> None:
    (port,) = free_ports(1)
    told = scenario("alpha")
    library = NvmlLibrary(told, Clock())
    Follower(library, told["devices"][0]["load"], f"http://127.0.0.1:{port}/metrics").look()
    assert library.plugged[0].load.value("utilization", 0.0) == 0


def test_an_agent_of_the_demo_reads_a_simulated_spark_and_says_so(tmp_path: Path) -> None:
    ports = DemoPorts(*free_ports(8))
    keep_secrets(tmp_path)
    config = tmp_path / "cluster.yaml"
    config.write_text(cluster_text(tmp_path, ports))
    urls = {node: f"http://127.0.0.{number}:{ports.agent}" for number, node in ((1, "alpha"), (2, "beta"))}
    called = (sys.executable, "-m", *agent_of_the_demo(ports), "--config", str(config), "--node")
    with (
        running(Process("alpha", (*called, "alpha"), ""), tmp_path / "alpha.log"),
        running(Process("beta", (*called, "beta"), ""), tmp_path / "beta.log"),
    ):
        until(lambda: all(answers(f"{url}/readyz") for url in urls.values()), "both agents ready")
        pages = {}
        for node, url in urls.items():
            until(lambda url=url: "ragpulse_gpu_busy_seconds_total{" in page(url), "a busy GPU counted")  # type: ignore[misc]
            pages[node] = page(url)
        landing = loopback.get(urls["alpha"]).text
    infos = [labels(text, "ragpulse_gpu_info") for text in pages.values()]
    assert {info["model"] for info in infos} == {"NVIDIA GB10 (simulated)"}
    assert {info["memory_kind"] for info in infos} == {"unified"}
    assert len({info["uuid"] for info in infos}) == 2
    assert "GPU numbers are simulated" in landing


def page(url: str) -> str:
    return loopback.get(f"{url}/metrics").text


def labels(text: str, name: str) -> dict[str, str]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name:
                return dict(sample.labels)
    raise AssertionError(name)

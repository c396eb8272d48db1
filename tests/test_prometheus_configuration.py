"""prometheus.yml: who is scraped and where alerts go; real servers of both generations load it."""

import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from alerts.prometheus import render
from ragpulse import cluster_file, yaml_file
from ragpulse.commands.generate import files, write
from ragpulse.inventory import Cluster
from tests.fakes import loopback
from tests.fakes.binaries import binary, each_generation
from tests.fakes.rule_tests import all_rules
from tests.fakes.running import free_ports

EXAMPLE = cluster_file.load(Path(__file__).parent.parent / "cluster.example.yaml")
LOOPBACK = """
cluster: small
nodes: {a: {address: 127.0.0.1, port: %d}}
services:
  chroma: {kind: chroma, nodes: [a], url: 'http://127.0.0.1:1', query: {collection: documents}}
  vllm: {kind: vllm, nodes: [a], url: 'http://127.0.0.1:1/base', raw: true}
monitoring: {scrape_interval: 1s, ports: {prometheus: %d, alertmanager: %d}}
"""
READY_WITHIN = 30.0


def cluster(text: str) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "c"), "c")


def configuration(of: Cluster) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load(render(of)["prometheus.yml"])
    return value


def job(of: Cluster, name: str) -> dict[str, Any]:
    return next(entry for entry in configuration(of)["scrape_configs"] if entry["job_name"] == name)


@contextlib.contextmanager
def running(program: Path, *arguments: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen([program, *arguments], stdout=output, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answered(
    url: str, process: subprocess.Popen[bytes], log: Path, good: Callable[[httpx.Response], Any] = bool
) -> httpx.Response:
    """The first answer that is 2xx and good. Fails when the process ends or the time is up."""
    end = time.monotonic() + READY_WITHIN
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            response = loopback.get(url, timeout=2)
            if response.is_success and good(response):
                return response
        time.sleep(0.1)
    pytest.fail(f"no good answer from {url}:\n{log.read_text()}")


def jobs(response: httpx.Response) -> set[str]:
    return {target["labels"]["job"] for target in response.json()["data"]["activeTargets"]}


@each_generation
def test_a_real_prometheus_loads_everything(generation: int, tmp_path: Path) -> None:
    prometheus_port, alertmanager_port = free_ports(1)[0], free_ports(1)[0]
    small = cluster(LOOPBACK % (free_ports(1)[0], prometheus_port, alertmanager_port))
    write(files(small), tmp_path)
    log = tmp_path / "log"
    with running(
        binary("prometheus", generation),
        f"--config.file={tmp_path}/prometheus/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{prometheus_port}",
        log=log,
    ) as process:
        api = f"http://127.0.0.1:{prometheus_port}"
        rules = answered(f"{api}/api/v1/rules", process, log, lambda found: found.json()["data"]["groups"])
        loaded = [rule for group in rules.json()["data"]["groups"] for rule in group["rules"]]
        assert len(loaded) == len(all_rules(small))
        wanted = {"ragpulse-agent", "prometheus", "alertmanager", "vllm-vllm"}
        answered(f"{api}/api/v1/targets", process, log, lambda found: jobs(found) == wanted)
        answered(f"{api}/api/v1/alertmanagers", process, log, lambda found: f":{alertmanager_port}/" in found.text)
        # Fires without any target, so rules are evaluated.
        answered(f"{api}/api/v1/alerts", process, log, lambda found: '"alertname":"Watchdog"' in found.text)


@each_generation
def test_a_real_alertmanager_loads_its_file(generation: int, tmp_path: Path) -> None:
    port = free_ports(1)[0]
    write(files(cluster(LOOPBACK % (2, 3, port))), tmp_path)
    log = tmp_path / "log"
    with running(
        binary("alertmanager", generation),
        f"--config.file={tmp_path}/alertmanager/alertmanager.yml",
        f"--storage.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        log=log,
    ) as process:
        answered(f"http://127.0.0.1:{port}/api/v2/status", process, log, lambda found: "nobody" in found.text)


@each_generation
@pytest.mark.parametrize(
    "of", [pytest.param(EXAMPLE, id="the example"), pytest.param(cluster(LOOPBACK % (2, 3, 4)), id="one node")]
)
def test_promtool_accepts_the_whole_configuration(of: Cluster, generation: int, tmp_path: Path) -> None:
    write(files(of), tmp_path)
    result = subprocess.run(
        [binary("promtool", generation), "check", "config", tmp_path / "prometheus" / "prometheus.yml"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_agent_is_a_target_with_its_cluster_and_node() -> None:
    assert json.loads(render(EXAMPLE)["targets/agents.json"]) == [
        {"targets": ["192.168.68.69:9477"], "labels": {"cluster": "tron", "node": "sark"}},
        {"targets": ["192.168.68.71:9477"], "labels": {"cluster": "tron", "node": "clu"}},
    ]


def test_each_of_a_pair_scrapes_both_and_sends_to_both() -> None:
    (alertmanagers,) = configuration(EXAMPLE)["alerting"]["alertmanagers"]
    assert alertmanagers["static_configs"][0]["targets"] == ["192.168.68.69:9093", "192.168.68.71:9093"]
    assert [entry["targets"] for entry in job(EXAMPLE, "prometheus")["static_configs"]] == [
        ["192.168.68.69:9090"], ["192.168.68.71:9090"],
    ]  # fmt: skip


def test_a_single_one_stays_on_loopback_and_uses_the_ports_of_the_file() -> None:
    one = cluster(
        "cluster: c\nnodes: {a: {address: 192.0.2.1}, b: {address: '2001:db8::1'}}\n"
        "monitoring: {ports: {prometheus: 9190, alertmanager: 9193}}\n"
    )
    assert job(one, "prometheus")["static_configs"][0]["targets"] == ["127.0.0.1:9190"]
    assert job(one, "alertmanager")["static_configs"][0]["targets"] == ["127.0.0.1:9193"]
    assert '"[2001:db8::1]:9477"' in render(one)["targets/agents.json"]


def test_times_follow_the_scrape_interval() -> None:
    times = configuration(cluster("cluster: c\nnodes: {a: {address: 127.0.0.1}}\nmonitoring: {scrape_interval: 5s}\n"))
    assert times["global"] == {
        "scrape_interval": "5s",
        "scrape_timeout": "1500ms",
        "evaluation_interval": "5s",
        "external_labels": {"cluster": "c"},
    }


def test_the_adapter_is_scraped_where_there_is_one_and_a_pair_cannot_say_on_which_node() -> None:
    notify = "notify: {receivers: {desk: {kind: webhook, url_file: /run/secrets/desk}}}\n"
    one = "cluster: c\nnodes: {a: {address: 192.0.2.1}, b: {address: 192.0.2.2}}\n"
    assert job(cluster(one + notify), "relay")["static_configs"] == [
        {"targets": ["127.0.0.1:9480"], "labels": {"cluster": "c", "node": "a"}}
    ]
    pair = cluster(f"{one}{notify}monitoring: {{nodes: [a, b]}}\n")
    assert job(pair, "relay")["static_configs"] == [{"targets": ["127.0.0.1:9480"], "labels": {"cluster": "c"}}]
    assert not [entry for entry in configuration(cluster(one))["scrape_configs"] if entry["job_name"] == "relay"]


def test_the_own_page_of_vllm_is_scraped_only_when_asked_for() -> None:
    raw = job(cluster(LOOPBACK % (2, 3, 4)), "vllm-vllm")
    assert raw["metrics_path"] == "/base/metrics"
    assert raw["static_configs"][0]["labels"] == {"cluster": "small", "node": "a", "service": "vllm"}
    assert not [entry for entry in configuration(EXAMPLE)["scrape_configs"] if entry["job_name"].startswith("vllm")]


def test_samples_are_sent_on_where_the_file_says_so() -> None:
    text = (
        "cluster: c\nnodes: {a: {address: 127.0.0.1}}\nmonitoring: {remote_write: [{url: 'http://192.0.2.9/write'}]}\n"
    )
    assert configuration(cluster(text))["remote_write"] == [{"url": "http://192.0.2.9/write"}]
    assert "remote_write" not in configuration(EXAMPLE)

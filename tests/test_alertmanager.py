"""Who hears of which alert, what is held back, and that both generations of Alertmanager read it."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.alertmanager import notes, render
from ragpulse import cluster_file, yaml_file
from ragpulse.inventory import Cluster
from tests.fakes.binaries import binary, each_generation

EXAMPLE = cluster_file.load(Path(__file__).parent.parent / "cluster.example.yaml")
SILENT = "cluster: c\nnodes: {a: {address: 127.0.0.1}}\n"
TWO = """
notify:
  receivers:
    desk: {kind: webhook, url: 'http://127.0.0.1:1/a'}
    phone: {kind: webhook, url: 'http://127.0.0.1:1/b'}
  page: [phone, desk]
  ticket: [desk]
"""


def cluster(text: str) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "c"), "c")


def written(of: Cluster, folder: Path) -> Path:
    path = folder / "alertmanager.yml"
    path.write_text(render(of)["alertmanager.yml"])
    return path


def configuration(of: Cluster) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load(render(of)["alertmanager.yml"])
    return value


@each_generation
@pytest.mark.parametrize(
    "of",
    [
        pytest.param(EXAMPLE, id="the example"),
        pytest.param(cluster(SILENT), id="nobody is to be told"),
        pytest.param(cluster(SILENT + TWO), id="two receivers"),
    ],
)
def test_alertmanager_reads_it(of: Cluster, generation: int, tmp_path: Path) -> None:
    result = subprocess.run(
        [binary("amtool", generation), "check-config", written(of, tmp_path)],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


@each_generation
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        pytest.param(["alertname=ServiceDown", "severity=page"], "page", id="a page goes to page"),
        pytest.param(["alertname=SourceStale", "severity=ticket"], "ticket", id="a ticket goes to ticket"),
        pytest.param(["alertname=Note", "severity=info"], "nobody", id="information goes to nobody"),
        pytest.param(["alertname=Watchdog", "severity=page"], "nobody", id="the watchdog goes to nobody"),
        pytest.param(["alertname=Own"], "page", id="what has no severity of ours is better heard than lost"),
    ],
)
def test_each_severity_goes_where_it_belongs(labels: list[str], receiver: str, generation: int, tmp_path: Path) -> None:
    file = written(EXAMPLE, tmp_path)
    arguments = ["config", "routes", "test", f"--config.file={file}", f"--verify.receivers={receiver}", *labels]
    result = subprocess.run(
        [binary("amtool", generation), *arguments], capture_output=True, text=True, check=False, timeout=30
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_receivers_hear_of_the_end_too_and_in_the_order_of_the_file() -> None:
    receivers = {
        entry["name"]: entry.get("webhook_configs", []) for entry in configuration(cluster(SILENT + TWO))["receivers"]
    }
    assert receivers["page"] == [
        {"url": "http://127.0.0.1:1/b", "send_resolved": True},
        {"url": "http://127.0.0.1:1/a", "send_resolved": True},
    ]
    assert receivers["ticket"] == [{"url": "http://127.0.0.1:1/a", "send_resolved": True}]
    assert receivers["nobody"] == []


@each_generation
def test_a_secret_url_stays_in_its_file_and_its_price_is_said(tmp_path: Path, generation: int) -> None:
    secret = cluster(
        SILENT + "notify: {receivers: {desk: {kind: webhook, url_file: /run/secrets/desk}}, page: [desk]}\n"
    )
    page = configuration(secret)["receivers"][1]
    assert page["webhook_configs"] == [{"url": "http://127.0.0.1:9480/receivers/desk", "send_resolved": True}]
    assert notes(secret) == [
        "notify: desk (webhook) is told through the adapter at 127.0.0.1:9480, which `ragpulse up` starts"
    ]
    assert notes(EXAMPLE) == []
    checked = subprocess.run(
        [binary("amtool", generation), "check-config", written(secret, tmp_path)],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_times_follow_the_scrape_interval() -> None:
    route = configuration(cluster(SILENT + "monitoring: {scrape_interval: 5s}\n"))["route"]
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("5s", "30s", "4h")


def test_a_dead_node_holds_back_what_needs_it() -> None:
    rules = configuration(EXAMPLE)["inhibit_rules"]
    held = {
        rule["source_matchers"][1]: rule["target_matchers"] for rule in rules if "node=" in rule["source_matchers"][-1]
    }
    assert held == {
        'node="sark"': ['service=~"vllm|ray|chroma|gateway|rag"'],
        'node="clu"': ['service=~"vllm|ray|memory|rag"'],
    }


def test_a_page_of_what_a_path_needs_holds_back_all_that_is_said_of_the_path() -> None:
    assert {
        "source_matchers": ['severity="page"', 'service=~"chroma|vllm|memory"'],
        "target_matchers": ['service="rag"'],
    } in configuration(EXAMPLE)["inhibit_rules"]


def test_a_page_holds_back_the_tickets_of_the_same_component_only() -> None:
    rules = configuration(EXAMPLE)["inhibit_rules"]
    assert {
        "source_matchers": ['severity="page"'],
        "target_matchers": ['severity="ticket"'],
        "equal": ["component"],
    } in rules


def test_a_dead_node_holds_back_what_is_said_of_the_same_node_only() -> None:
    assert {
        "source_matchers": ['alertname="NodeDown"'],
        "target_matchers": ['alertname=~"SourceFailing|SourceStale|TargetMissing|MonitoringDown"'],
        "equal": ["node"],
    } in configuration(EXAMPLE)["inhibit_rules"]

"""Who hears of which alert, what is held back, and that both generations of Alertmanager read it."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.alertmanager import notes, render
from ragpulse import cluster_file
from ragpulse.commands.generate import write
from ragpulse.inventory import Cluster
from ragpulse.stack.binaries import version
from tests.fakes.alertmanager import cluster
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
KINDS = """
notify:
  receivers:
    hook: {kind: webhook, url_file: /s/hook}
    mail: {kind: email, to: [a@b.c, d@e.f], from: g@h.i, server: 'j.k:25', username: l, password_file: /p, ca_file: /c}
    slack: {kind: slack, url_file: /s/slack, channel: '#c'}
    discord: {kind: discord, url_file: /s/discord}
    telegram: {kind: telegram, token_file: /s/bot, chat_id: -1001, thread_id: 7}
    phone: {kind: ntfy, url: 'http://127.0.0.1:1/topic'}
    pager: {kind: pagerduty, routing_key_file: /s/pager}
  page: [hook, mail, slack, discord, telegram, phone, pager]
  quiet_hours: {between: 22:00-07:00, zone: Europe/Berlin}
  heartbeat: {url_file: /s/heartbeat}
  alertmanager: %s
  relay_token_file: /s/relay
"""


def written(of: Cluster, folder: Path) -> Path:
    write(render(of), folder, ())
    return folder / "alertmanager.yml"


def configuration(of: Cluster) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load(render(of)["alertmanager.yml"])
    return value


OLD, CURRENT = (cluster(SILENT + KINDS % profile) for profile in ("v0.25", "v0.31"))


@each_generation
@pytest.mark.parametrize("of", [EXAMPLE, cluster(SILENT)], ids=["the example", "nobody is to be told"])
def test_alertmanager_reads_it(of: Cluster, generation: int, tmp_path: Path) -> None:
    assert checked(of, generation, tmp_path) == ""


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
def test_the_old_profile_is_read_by_both_generations_and_the_current_one_by_its_own(
    generation: int, tmp_path: Path
) -> None:
    assert checked(OLD, generation, tmp_path) == ""
    said = checked(CURRENT, generation, tmp_path)
    assert ("not found in type" in said) == (version(binary("amtool", generation)) < (0, 31)), said


def checked(of: Cluster, generation: int, folder: Path) -> str:
    """What amtool objects to."""
    done = subprocess.run(
        [binary("amtool", generation), "check-config", written(of, folder)],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    return done.stdout + done.stderr if done.returncode else ""


def told(of: Cluster, *names: str) -> list[tuple[str, dict[str, Any]]]:
    """All that receivers of these names consist of, each with its receiver."""
    return [
        (receiver["name"], config)
        for receiver in configuration(of)["receivers"]
        if receiver["name"] in names
        for key, configs in receiver.items()
        if key != "name"
        for config in configs
    ]


def through_adapter(of: Cluster) -> list[str]:
    urls = [config.get("url", "") for _, config in told(of, "page", "ticket", "heartbeat")]
    return [url.rpartition("/")[2] for url in urls if url.startswith("http://127.0.0.1:9480/receivers/")]


def test_what_a_generation_cannot_tell_goes_through_the_adapter_and_is_said() -> None:
    assert through_adapter(OLD) == ["hook", "discord", "telegram", "phone", "heartbeat"]
    assert through_adapter(CURRENT) == ["phone"]
    assert through_adapter(EXAMPLE) == []
    assert notes(EXAMPLE) == []
    assert notes(CURRENT) == [
        "notify: phone (ntfy) is told through the adapter at 127.0.0.1:9480, which `ragpulse up` starts"
    ]


def test_every_receiver_hears_of_the_end_but_the_heartbeat() -> None:
    ends = {(name, config["send_resolved"]) for name, config in told(OLD, "page", "ticket", "heartbeat")}
    assert ends == {("page", True), ("heartbeat", False)}


def test_times_follow_the_scrape_interval() -> None:
    route = configuration(cluster(SILENT + "monitoring: {scrape_interval: 5s}\n"))["route"]
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("5s", "30s", "4h")

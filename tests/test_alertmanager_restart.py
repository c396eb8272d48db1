"""Alertmanager is killed: what was told before is told at most once more, and not at all once it was kept."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ragpulse.inventory import Cluster
from tests.fakes.alertmanager import ONE_NODE, Alertmanager, alert, alertmanager_of, cluster
from tests.fakes.binaries import each_generation
from tests.fakes.http_replay import Replay, replay_server, reply
from tests.fakes.running import free_ports, until

DOWN = alert("ServiceDown", "page")


@dataclass(frozen=True)
class Scene:
    of: Cluster
    receiver: Replay

    def told(self, name: str) -> int:
        return sum(f'"{name}"'.encode() in asked.body for asked in self.receiver.asked)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with replay_server() as receiver:
        receiver.post("/told", reply())
        port, relay = free_ports(2)
        told = f"{{desk: {{kind: webhook, url: '{receiver.url}/told'}}}}"
        text = f"notify: {{receivers: {told}, page: [desk]}}\n"
        yield Scene(cluster(ONE_NODE.format(alertmanager=port, relay=relay) + text), receiver)


def kill(running: Alertmanager) -> None:
    running.process.send_signal(signal.SIGKILL)
    running.process.wait(10)


def send(scene: Scene, running: Alertmanager, turn: int) -> None:
    """As Prometheus does, again and again. What is sent after it and waits as long is told after it."""
    running.post(DOWN)
    running.post(alert(f"After{turn}", "page", component=f"after-{turn}"))
    until(lambda: scene.told(f"After{turn}"), "the other notification")


@each_generation
def test_killed_right_after_it_told_it_tells_once_more_at_most(scene: Scene, generation: int, tmp_path: Path) -> None:
    kills = 2
    for turn in range(kills + 1):
        with alertmanager_of(scene.of, tmp_path, generation) as running:
            send(scene, running, turn)
            kill(running)
    assert 1 <= scene.told("ServiceDown") <= 1 + kills


@each_generation
def test_killed_after_its_maintenance_it_does_not_repeat_itself(scene: Scene, generation: int, tmp_path: Path) -> None:
    with alertmanager_of(scene.of, tmp_path, generation) as running:
        running.post(DOWN)
        until(lambda: scene.told("ServiceDown"), "the notification")
        kept = tmp_path / "data" / "alertmanager" / "nflog"
        until(lambda: kept.exists() and b"ServiceDown" in kept.read_bytes(), "what was told, on the disk")
        kill(running)
    with alertmanager_of(scene.of, tmp_path, generation) as running:
        send(scene, running, turn=1)
    assert scene.told("ServiceDown") == 1

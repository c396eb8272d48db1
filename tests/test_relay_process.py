"""The adapter as a process: nothing is lost when it is killed, and no secret gets out of its files."""

import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import Response

from tests.fakes.notified import Adapter, adapter
from tests.fakes.relay_rig import alert, webhook
from tests.fakes.running import until
from tests.fakes.told_services import Services, told_services

BEARER = {"Authorization": "Bearer a-secret-of-the-adapter"}
SECRET = re.compile("a-secret")


@pytest.fixture
def services() -> Iterator[Services]:
    with told_services() as services:
        yield services


@pytest.fixture
def rig(services: Services, tmp_path: Path) -> Adapter:
    return adapter(tmp_path, services.url)


def test_what_it_accepted_survives_kill_9_and_is_told_once(rig: Adapter, services: Services) -> None:
    services.script.append(Response(status_code=503, headers={"Retry-After": "600"}))
    with rig.started() as process:
        assert rig.relay.post("discord", webhook(), **BEARER).status_code == 200
        until(lambda: rig.relay.newest("discord")[0]["reason"], "a first attempt")
        assert rig.relay.post("discord", webhook(group="another"), **BEARER).status_code == 200
        process.kill()
        process.wait()
    with rig.started():
        until(lambda: rig.relay.states("discord") == ["delivered", "delivered"], "both are told")
        # Alertmanager, which may not have heard our answer, sends it again.
        assert rig.relay.post("discord", webhook(), **BEARER).status_code == 200
        assert rig.relay.metrics()['ragpulse_relay_messages_total{receiver="discord",result="repeated"}'] == 1
    assert len(services.heard) == 3, "once refused, and each told once"


def test_an_attempt_that_runs_when_it_is_told_to_end_is_finished_and_not_made_again(
    rig: Adapter, services: Services
) -> None:
    services.held = threading.Event()
    with rig.started() as process:
        rig.relay.post("discord", webhook(), **BEARER)
        until(lambda: services.heard, "the service is asked")
        process.send_signal(signal.SIGTERM)
        until(lambda: not _listens(rig), "no further connection is taken")
        services.held.set()
        process.wait(10)
    with rig.started():
        assert rig.relay.states("discord") == ["delivered"]
    assert len(services.heard) == 1


def _listens(rig: Adapter) -> bool:
    place = rig.process.listens[0]
    try:
        socket.create_connection((place.address, place.port), timeout=1).close()
    except OSError:
        return False
    return True


def test_no_secret_is_in_a_log_a_metric_an_answer_or_a_dead_letter(rig: Adapter, services: Services) -> None:
    names = ("discord", "telegram", "ntfy")
    with rig.started():
        for name in names:
            services.script.extend([Response(status_code=500), Response(status_code=403)])
            rig.relay.post(name, webhook(alert(over=False)), **BEARER)
            until(lambda name=name: rig.relay.states(name) == ["dead_letter"], f"{name} gave up")  # type: ignore[misc]
        rig.relay.post("discord", b"{")
        shown = [str(rig.relay.newest(name)) for name in names] + list(rig.relay.metrics())
    assert len(services.heard) == 2 * len(names)
    kept = rig.log.read_text() + rig.relay.letters.read_text()
    assert kept.count("result=dead_letter") == len(names)
    assert not SECRET.search(kept + "".join(shown))


def test_its_files_are_ours_alone(rig: Adapter) -> None:
    with rig.started():
        rig.relay.post("discord", webhook(), **BEARER)
        folder = rig.relay.letters.parent
        assert folder.stat().st_mode & 0o777 == 0o700
        modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert modes
    assert set(modes.values()) == {0o600}, modes


def test_a_taken_port_and_a_wrong_cluster_file_are_one_line(rig: Adapter) -> None:
    process = rig.process
    with socket.create_server((process.listens[0].address, process.listens[0].port)):
        ended = subprocess.run(process.argv, capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stderr) == (1, f"{process.listens[0]}: Address already in use\n")
    rig.config.write_text("cluster: [\n")
    ended = subprocess.run(process.argv, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"{rig.config}:")
    assert "Traceback" not in ended.stderr
    rig.config.write_text("cluster: c\nnodes: {a: {address: 127.0.0.1}}\n")
    ended = subprocess.run(rig.process.argv, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert ended.stderr == f"{rig.config}: notify: Alertmanager itself tells everybody; no adapter is needed\n"

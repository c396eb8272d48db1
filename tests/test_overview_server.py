import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from ragpulse.commands.overview import overview
from ragpulse.errors import RagpulseError
from ragpulse.overview.server import application
from tests.fakes import loopback
from tests.fakes import mixed_cluster as mixed
from tests.fakes.asgi_server import served
from tests.fakes.prometheus_api import QUERY, Answering, serving
from tests.fakes.running import free_ports

RUNBOOK = "# ServiceNotReady\n\nLook at its log.\n"


NOTED = mixed.CLUSTER + "note: one machine plays two\n"


@pytest.fixture
def answering() -> Iterator[Answering]:
    with serving(mixed.mixed()) as answering:
        yield answering


@pytest.fixture
def app(answering: Answering, tmp_path: Path) -> Starlette:
    folder = tmp_path / "runbooks"
    folder.mkdir()
    (folder / "ServiceNotReady.md").write_text(RUNBOOK)
    (tmp_path / "secret.md").write_text("secret")
    return application(
        mixed.cluster(NOTED), prometheus=answering.url, alertmanager=f"{answering.url}/", notifications=None,
        clock=lambda: mixed.NOW, runbook_folder=folder,
    )  # fmt: skip


@pytest.fixture
def url(app: Starlette) -> Iterator[str]:
    with served(app) as url:
        yield url


def get(url: str) -> httpx.Response:
    return loopback.get(url, timeout=10)


def test_the_page_is_served_with_a_strict_policy_and_is_never_stored(url: str) -> None:
    page = get(f"{url}/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["refresh"] == "10"
    assert "2 targets missed" in page.text
    assert "one machine plays two" in page.text


def test_refreshing_can_be_stopped(url: str) -> None:
    assert "refresh" not in get(f"{url}/?refresh=off").headers


def test_the_json_has_what_other_programs_read(url: str) -> None:
    found = get(f"{url}/api/overview.json").json()
    assert {o["verdict"] for o in found["objectives"]} == {"met", "missed", "not judgeable"}
    assert {c["name"]: c["state"] for c in found["components"]}["memory"] == "up"
    assert found["banner"]["note"] == "one machine plays two"
    assert found["alerts"]["shown"][0]["link"] == "/runbooks/ServiceNotReady?service=chroma"


def test_without_prometheus_the_page_is_served_all_the_same(url: str, answering: Answering) -> None:
    answering.broken[QUERY] = (503, b"")
    page = get(f"{url}/")
    assert page.status_code == 200
    assert "Unknown: Prometheus cannot be asked: it answers HTTP 503" in page.text
    answering.broken.clear()
    assert "2 targets missed" in get(f"{url}/").text, "and it mends itself"


def test_a_runbook_is_served_for_an_alert_that_has_one(url: str) -> None:
    page = get(f"{url}/runbooks/ServiceNotReady")
    assert (page.status_code, "<p>Look at its log.</p>" in page.text) == (200, True)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("name", ["Absent", "..%2fsecret", "%2e%2e/secret", "ServiceNotReady.md", "a%00b"])
def test_no_other_file_is_served(url: str, name: str) -> None:
    page = get(f"{url}/runbooks/{name}")
    assert page.status_code == 404
    assert "secret" not in page.text


def test_health_does_not_depend_on_prometheus(url: str, answering: Answering) -> None:
    answering.broken[QUERY] = (503, b"")
    asked = len(answering.asked)
    assert get(f"{url}/healthz").text == "ok\n"
    assert len(answering.asked) == asked


@pytest.mark.parametrize("listen", ["9478", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:0", "127.0.0.1:70000"])
def test_a_place_to_listen_that_is_none_is_refused_with_the_mend(tmp_path: Path, listen: str) -> None:
    config = tmp_path / "cluster.yaml"
    config.write_text(mixed.CLUSTER)
    with pytest.raises(RagpulseError, match="write it as ADDRESS:PORT, like"):
        overview(config=config, listen=listen)


@pytest.mark.parametrize("option", ["prometheus", "alertmanager"])
def test_a_server_to_ask_that_is_no_url_is_refused_with_the_mend(tmp_path: Path, option: str) -> None:
    config = tmp_path / "cluster.yaml"
    config.write_text(mixed.CLUSTER)
    where = {"prometheus": "", "alertmanager": "", option: "localhost:9"}
    with pytest.raises(RagpulseError, match=f"--{option}: 'localhost:9' is not a URL without its scheme; write http"):
        overview(config=config, prometheus=where["prometheus"], alertmanager=where["alertmanager"])


def test_the_command_serves_until_it_is_told_to_stop(answering: Answering, tmp_path: Path) -> None:
    config = tmp_path / "cluster.yaml"
    config.write_text(mixed.CLUSTER)
    place = f"127.0.0.1:{free_ports(1)[0]}"
    call = f"overview(config=Path({str(config)!r}), listen={place!r}, prometheus={answering.url!r})"
    code = f"from pathlib import Path; from ragpulse.commands.overview import overview; {call}"
    process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ})
    try:
        page = _first_answer(f"http://{place}/", process)
        # The clock is the real one here, so the histories are empty; what Prometheus says of now is not.
        assert "2 targets missed" in page.text
        assert "one machine plays two" not in page.text
        told = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        assert time.monotonic() - told < 5
    finally:
        process.kill()
        process.wait()


def _first_answer(url: str, process: subprocess.Popen[bytes]) -> httpx.Response:
    deadline = time.monotonic() + 30
    while True:
        try:
            return get(url)
        except httpx.ConnectError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)

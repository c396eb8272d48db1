"""The vLLM probe on recorded answers of a real 0.32.0, with and without its key, and on answers that are not vLLM's."""

import threading
from pathlib import Path
from typing import Any

import pytest

from exporters.probe import ServiceProbe
from exporters.secret import SecretError
from exporters.vllm_probe import vllm_probe
from ragpulse.services import Vllm
from tests.fakes.http_replay import Behaviour, Conversation, Replay, drip, flood, hang, refusing_url, reply, reply_json
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.watched import PATIENT, QUICK, plan

HTTP = Path(__file__).parent / "captures" / "vllm" / "http"
KEY = "sekret"


def recorded(name: str) -> Behaviour:
    status = int((HTTP / f"{name}.headers").read_text().split()[1])
    return reply(status, (HTTP / f"{name}.body").read_bytes())


@pytest.fixture
def vllm(replay: Replay) -> Replay:
    """As the recorded server with --api-key: /v1/models asks for it, /health does not."""

    def models(talk: Conversation) -> None:
        known = talk.handler.headers.get("Authorization") == f"Bearer {KEY}"
        recorded("models" if known else "models-no-key")(talk)

    replay.get("/health", recorded("health"))
    replay.get("/v1/models", models)
    return replay


def states(probe: ServiceProbe) -> tuple[float, float]:
    """(up, ready) of one run."""
    found = by_series(probe.read())
    return found['ragpulse_service_up{service="vllm"}'], found['ragpulse_service_ready{service="vllm"}']


def probe_of(url: str, request_timeout: float = PATIENT, **more: Any) -> ServiceProbe:
    service = Vllm(kind="vllm", nodes=("sark", "clu"), url=url, **more)
    return vllm_probe(plan("vllm", request_timeout=request_timeout), service)


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    (tmp_path / "key").write_text(KEY + "\n")
    return str(tmp_path / "key")


def test_with_its_key_and_model_it_is_ready(vllm: Replay, key_file: str) -> None:
    probe = probe_of(vllm.url, api_key_file=key_file, model="tiny")
    assert states(probe) == (1, 1)
    assert requests(probe.counters()) == {"health": 1, "ready": 1}
    assert not failures(probe.counters())


def test_the_key_is_not_sent_to_who_does_not_ask_for_it(vllm: Replay, key_file: str) -> None:
    states(probe_of(vllm.url, api_key_file=key_file))
    assert [request.headers.get("Authorization") for request in vllm.asked] == [None, f"Bearer {KEY}"]


def test_readiness_is_timed_by_the_models_answer(vllm: Replay, key_file: str) -> None:
    held = threading.Event()

    def slow(talk: Conversation) -> None:
        held.wait(0.3)
        recorded("models")(talk)

    vllm.get("/v1/models", slow)
    probe = probe_of(vllm.url, api_key_file=key_file, model="tiny")
    assert states(probe) == (1, 1)
    found = by_series(probe.counters())
    spent = {
        check: found[f'ragpulse_probe_duration_seconds_sum{{service="vllm",check="{check}"}}']
        for check in ("health", "ready")
    }
    assert spent["health"] < 0.3 <= spent["ready"]


def test_without_its_key_it_is_up_and_not_ready(vllm: Replay) -> None:
    probe = probe_of(vllm.url, model="tiny")
    assert states(probe) == (1, 0)
    assert failures(probe.counters()) == {("ready", "auth"): 1}


def test_a_server_without_the_configured_model_is_not_ready(vllm: Replay, key_file: str) -> None:
    probe = probe_of(vllm.url, api_key_file=key_file, model="llama")
    assert states(probe) == (1, 0)
    assert failures(probe.counters()) == {("ready", "invalid"): 1}


def test_without_a_configured_model_any_model_will_do(vllm: Replay, key_file: str) -> None:
    assert states(probe_of(vllm.url, api_key_file=key_file)) == (1, 1)


@pytest.mark.parametrize(
    "body",
    [[], {"data": []}, {"data": "tiny"}, {"data": ["tiny"]}, {"object": "list"}],
    ids=["a list", "no model", "a word", "a list of words", "no data"],
)
def test_an_answer_that_offers_no_model_is_invalid(vllm: Replay, body: Any) -> None:
    vllm.get("/v1/models", reply_json(body))
    probe = probe_of(vllm.url)
    assert states(probe) == (1, 0)
    assert failures(probe.counters()) == {("ready", "invalid"): 1}


def test_a_dead_engine_behind_a_living_api_is_up_and_not_ready(vllm: Replay, key_file: str) -> None:
    vllm.get("/health", reply(503))
    probe = probe_of(vllm.url, api_key_file=key_file, model="tiny")
    assert states(probe) == (1, 0)
    assert failures(probe.counters()) == {("health", "http_5xx"): 1, ("ready", "http_5xx"): 1}
    assert [request.path for request in vllm.asked] == ["/health"], "what is dead need not name its models"
    vllm.get("/health", reply(200))
    assert states(probe) == (1, 1)


@pytest.mark.parametrize(
    ("behaviour", "state", "reason"),
    [
        pytest.param(hang, (0, 0), "timeout", id="one that hangs"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"), (0, 0), "timeout", id="a slow drip"),
        pytest.param(flood(100 * 1024 * 1024), (1, 0), "too_large", id="a body of 100 MB"),
        pytest.param(reply(302, Location="/login"), (1, 0), "redirect", id="a redirect"),
        pytest.param(reply(404), (1, 0), "http_4xx", id="something else"),
    ],
)
def test_every_way_to_be_unwell_has_its_reason(
    replay: Replay, behaviour: Behaviour, state: tuple[int, int], reason: str
) -> None:
    replay.get("/health", behaviour)
    replay.get("/v1/models", behaviour)
    probe = probe_of(replay.url, QUICK if reason == "timeout" else PATIENT)
    assert states(probe) == state
    assert failures(probe.counters()) == {("health", reason): 1, ("ready", reason): 1}


def test_a_port_on_which_nobody_listens_is_a_failed_connection() -> None:
    with refusing_url() as url:
        probe = probe_of(url)
        assert states(probe) == (0, 0)
    assert failures(probe.counters()) == {("health", "connect"): 1, ("ready", "connect"): 1}


def test_an_unreadable_key_is_our_own_inability(vllm: Replay, tmp_path: Path) -> None:
    with pytest.raises(SecretError):
        probe_of(vllm.url, api_key_file=str(tmp_path / "none")).read()

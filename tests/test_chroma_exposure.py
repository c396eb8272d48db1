"""What real servers of both generations tell to who shows no token."""

from exporters.chroma_exposure import ChromaExposure
from ragpulse.services import Chroma
from tests.fakes.chroma_server import OLD, ChromaServer, each_chroma
from tests.fakes.http_replay import Replay, hang, refusing_url, reply
from tests.fakes.readings import by_series
from tests.fakes.watched import PATIENT, QUICK, plan


def exposed(service: Chroma, request_timeout: float = PATIENT) -> dict[str, float]:
    found = by_series(ChromaExposure(plan("chroma", request_timeout=request_timeout), service).read())
    return {series.split('path="')[1].removesuffix('"}'): value for series, value in found.items()}


@each_chroma
def test_its_documentation_and_limits_are_open_whatever_its_token_settings(chroma: ChromaServer) -> None:
    is_old = chroma.generation is OLD
    assert exposed(chroma.default.service()) == {
        "/docs": is_old,  # 1.x sends to /docs/
        "/openapi.json": 1,
        "/api/v1": is_old,
        "/api/v2/heartbeat": 1,
        "/api/v2/version": 1,
        "/api/v2/pre-flight-checks": 1,
        "/api/v2/auth/identity": not is_old,
    }


def test_a_proxy_that_asks_everybody_exposes_nothing_and_what_hangs_is_not_known(replay: Replay) -> None:
    for path in ("/docs", "/openapi.json", "/api/v1", "/api/v2/heartbeat", "/api/v2/version", "/api/v2/auth/identity"):
        replay.get(path, reply(401))
    replay.get("/docs", reply(302, Location="/login"))
    replay.get("/api/v2/pre-flight-checks", hang)
    found = exposed(Chroma(kind="chroma", nodes=("sark",), url=replay.url), QUICK)
    assert set(found.values()) == {0}
    assert len(found) == 6
    assert not any("authorization" in {name.lower() for name in asked.headers} for asked in replay.asked)


def test_a_server_that_is_down_exposes_nothing_that_is_known() -> None:
    with refusing_url() as url:
        assert exposed(Chroma(kind="chroma", nodes=("sark",), url=url)) == {}

"""The first query after a start loads the index: it is told apart, and counts neither for nor against its target."""

import pytest

from exporters.chroma_probe import ChromaProbe
from ragpulse.services import Chroma, ChromaQuery
from tests.fakes.http_replay import Behaviour, Replay, hang, reply, reply_json, speak
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.watched import QUICK, plan

TENANT = "/api/v2/tenants/default_tenant"
COLLECTIONS = f"{TENANT}/databases/default_database/collections"
QUERY = f"{COLLECTIONS}/id-1/query"
COLD, SECONDS = (f'ragpulse_chroma_cold_{what}_total{{service="chroma"}}' for what in ("queries", "query_seconds"))


def fill(replay: Replay, identity: str = "id-1") -> Replay:
    replay.get("/api/v2/heartbeat", reply_json({"nanosecond heartbeat": 1}))
    replay.get(TENANT, reply_json({"name": "default_tenant"}))
    replay.get(f"{COLLECTIONS}/documents", reply_json({"id": identity, "dimension": 3}))
    replay.post(f"{COLLECTIONS}/{identity}/query", reply_json({"distances": [[0.5]]}))
    return replay


@pytest.fixture
def server(replay: Replay) -> Replay:
    return fill(replay)


def probe_of(url: str) -> ChromaProbe:
    service = Chroma(kind="chroma", nodes=("sark",), url=url, query=ChromaQuery(collection="documents"))
    return ChromaProbe(plan("chroma", request_timeout=QUICK, query=QUICK), service)


def counted(probe: ChromaProbe) -> tuple[float, float, float]:
    """(queries counted, of these within target, cold ones)."""
    found = by_series(probe.counters())
    labels = '{service="chroma",check="query"}'
    assert found[f"ragpulse_probe_duration_seconds_count{labels}"] == found[
        f"ragpulse_probe_requests_total{labels}"
    ] - (sum(count for (check, _), count in failures(probe.counters()).items() if check == "query"))
    return (
        found[f"ragpulse_probe_requests_total{labels}"],
        found[f"ragpulse_probe_within_target_total{labels}"],
        found[COLD],
    )


def test_what_happened_before_the_first_look_nobody_knows_so_its_query_counts(server: Replay) -> None:
    probe = probe_of(server.url)
    tuple(probe.read())
    assert counted(probe) == (1, 1, 0)


def fall(replay: Replay) -> None:
    """What a server does that is being started anew: nobody answers."""
    replay.get("/api/v2/heartbeat", speak(b""))
    replay.post(QUERY, speak(b""))


def test_the_first_query_after_nobody_answered_is_cold_and_only_that(server: Replay) -> None:
    probe = probe_of(server.url)
    tuple(probe.read())
    fall(server)
    tuple(probe.read())
    assert counted(probe) == (2, 1, 0), "a query that nobody answers has failed, whatever comes after"
    fill(server)
    tuple(probe.read())
    assert counted(probe) == (2, 1, 1)
    assert by_series(probe.counters())[SECONDS] > 0
    tuple(probe.read())
    assert counted(probe) == (3, 2, 1)
    assert requests(probe.counters())["heartbeat"] == 4


def test_a_cold_query_that_fails_has_failed_and_the_next_one_is_cold(server: Replay) -> None:
    probe = probe_of(server.url)
    fall(server)
    tuple(probe.read())
    fill(server)
    server.post(QUERY, reply(500))
    tuple(probe.read())
    assert counted(probe) == (2, 0, 0)
    fill(server)
    tuple(probe.read())
    assert counted(probe) == (2, 0, 1)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [pytest.param(hang, "timeout", id="a hang, as of a lock"), pytest.param(reply(503), "http_5xx", id="an error")],
)
def test_what_leaves_the_process_alive_leaves_its_index_loaded(
    server: Replay, behaviour: Behaviour, reason: str
) -> None:
    probe = probe_of(server.url)
    tuple(probe.read())
    server.get("/api/v2/heartbeat", behaviour)
    server.post(QUERY, behaviour)
    tuple(probe.read())
    assert failures(probe.counters())["query", reason] == 1
    fill(server)
    tuple(probe.read())
    assert counted(probe) == (3, 2, 0)


def test_a_collection_that_was_made_anew_has_an_index_of_its_own(server: Replay) -> None:
    probe = probe_of(server.url)
    tuple(probe.read())
    server.post(QUERY, reply(404))
    fill(server, "id-2")
    server.post(QUERY, reply(404))
    tuple(probe.read())
    tuple(probe.read())
    assert counted(probe) == (2, 2, 1)


def test_a_probe_that_asks_no_collection_has_no_cold_queries(replay: Replay) -> None:
    probe = ChromaProbe(plan("chroma"), Chroma(kind="chroma", nodes=("sark",), url=replay.url))
    assert not any("cold" in series for series in by_series(probe.counters()))

"""The memory service keeps notes once, finds them by their words, and says truthfully whether its database works."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporters.memory_roundtrip import MemoryRoundTripSource
from ragpulse import cluster_file, yaml_file
from ragpulse.demo.cluster import cluster_text
from ragpulse.demo.memory_service import build
from ragpulse.demo.memory_store import MemoryStore
from ragpulse.demo.ports import DemoPorts
from ragpulse.services import Memory
from tests.fakes.asgi_server import served
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.watched import plan


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "memory" / "memory.sqlite3"


@pytest.fixture
def client(database: Path) -> Iterator[httpx.Client]:
    with served(build(MemoryStore(database))) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def store(client: httpx.Client, content: str, *tags: str) -> str:
    answer = client.post("/memories", json={"content": content, "tags": tags})
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    return str(answer.json()["id"])


def found(client: httpx.Client, query: str) -> list[str]:
    answer = client.post("/search", json={"query": query, "limit": 5}).raise_for_status()
    assert answer.json()["success"] is True
    return [result["content"] for result in answer.json()["results"]]


def test_a_note_is_stored_read_found_and_forgotten(client: httpx.Client) -> None:
    memory = store(client, "Backups are kept for ninety days.", "backups")
    assert client.get(f"/memories/{memory}").json() == {"id": memory, "content": "Backups are kept for ninety days."}
    assert found(client, "how long are backups kept?") == ["Backups are kept for ninety days."]
    assert client.delete(f"/memories/{memory}").status_code == 200
    assert found(client, "backups") == []
    assert client.get(f"/memories/{memory}").status_code == 404
    assert client.delete(f"/memories/{memory}").status_code == 404


def test_a_duplicate_is_200_with_success_false_and_kept_once(client: httpx.Client) -> None:
    memory = store(client, "The same note.")
    answer = client.post("/memories", json={"content": "The same note."})
    assert (answer.status_code, answer.json()["success"], answer.json()["id"]) == (200, False, memory)
    assert client.get("/ready").json()["entries"] == 1


def test_the_best_match_comes_first_with_the_highest_score(client: httpx.Client) -> None:
    store(client, "Queue length, cache usage, and much else that an engine tells of itself on its page of metrics.")
    store(client, "The queue.")
    store(client, "Nothing of it.")
    results = client.post("/search", json={"query": "queue"}).json()["results"]
    assert [result["content"][:10] for result in results] == ["The queue.", "Queue leng"]
    assert results[0]["score"] > results[1]["score"]
    assert found(client, "tags are searched too") == []


def test_a_note_is_found_by_its_tag(client: httpx.Client) -> None:
    store(client, "Kept apart.", "borg")
    assert found(client, "borg") == ["Kept apart."]


@pytest.mark.parametrize(
    "query",
    ['"', "a AND", "NOT", "content:x", "NEAR(a b", "x*", "^", "(", "a\x00b", "'; DROP TABLE memories; --", "", "☃"],
)
def test_no_text_is_read_as_query_syntax(client: httpx.Client, query: str) -> None:
    store(client, "Something else entirely.")
    assert found(client, query) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_can_be_searched_for(database: Path, text: str) -> None:
    assert isinstance(MemoryStore(database).search(text, 3), list)


@pytest.mark.parametrize(
    ("request_line", "body", "status", "said"),
    [
        pytest.param("POST /memories", b"{", 400, "Invalid JSON", id="broken JSON"),
        pytest.param("POST /memories", b'{"content": "\\ud800"}', 400, "Invalid JSON", id="half a surrogate pair"),
        pytest.param("POST /memories", b"[]", 400, "body: ", id="no object"),
        pytest.param("POST /memories", b'{"content": ""}', 400, "content: ", id="an empty note"),
        pytest.param("POST /memories", b'{"content": "x", "tags": [1]}', 400, "tags.0: ", id="a tag that is no text"),
        pytest.param("POST /search", b'{"query": "x", "limit": 1000}', 400, "limit: ", id="too many results wanted"),
        pytest.param("POST /search", b" " * 70_000, 413, "larger than", id="more than 64 KiB"),
        pytest.param("GET /memories/none", None, 404, "no such memory", id="an id that is not there"),
        pytest.param("GET /search", None, 405, "Method Not Allowed", id="the wrong method"),
    ],
)
def test_a_mistake_is_answered_in_one_line(
    client: httpx.Client, request_line: str, body: bytes | None, status: int, said: str
) -> None:
    answer = client.request(*request_line.split(), content=body)
    assert answer.status_code == status
    assert said in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_ready_tells_size_and_age(client: httpx.Client, database: Path) -> None:
    store(client, "One note.")
    ready = client.get("/ready").raise_for_status().json()
    assert ready["status"] == "ready"
    assert ready["entries"] == 1
    assert ready["database_bytes"] >= database.stat().st_size
    assert 0 < ready["uptime_seconds"] < 60


def test_while_another_process_holds_the_write_lock_it_is_healthy_but_not_ready(
    client: httpx.Client, database: Path
) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert client.get("/health").json() == {"status": "healthy"}
        ready = client.get("/ready")
        assert (ready.status_code, ready.json()) == (503, {"status": "not ready", "error": "database is locked"})
        answer = client.post("/memories", json={"content": "Too late."})
        assert (answer.status_code, answer.json()["error"]) == (503, "the database refuses: database is locked")
        other.execute("ROLLBACK")
    assert client.get("/ready").status_code == 200


def test_a_database_that_was_moved_away_is_not_ready_and_no_new_one_takes_its_place(
    client: httpx.Client, database: Path
) -> None:
    moved = database.rename(database.with_name("elsewhere"))
    assert client.get("/health").status_code == 200
    assert client.get("/ready").status_code == 503
    assert not database.exists()
    moved.rename(database)
    assert client.get("/ready").status_code == 200


def test_notes_outlive_the_process(database: Path) -> None:
    MemoryStore(database).add("Kept.", [])
    assert [one.content for one in MemoryStore(database).search("kept", 1)] == ["Kept."]


def test_notes_are_listed_by_their_whole_tag(client: httpx.Client) -> None:
    ours = store(client, "One.", "ragpulse-probe", "other")
    store(client, "Two.", "ragpulse-probe-2")
    store(client, "Of a ragpulse probe, without the tag.")
    for tag, expected in (("ragpulse-probe", [{"id": ours, "content": "One."}]), ("no such tag", []), ('"', [])):
        assert client.get("/memories", params={"tag": tag}).json() == {"results": expected}


def test_the_round_trip_of_the_demos_own_cluster_file_is_good_and_leaves_nothing(
    client: httpx.Client, database: Path
) -> None:
    text = cluster_text(database.parent, DemoPorts())
    memory = cluster_file.parse(yaml_file.parse(text, "demo"), "demo").services["memory"]
    assert isinstance(memory, Memory)
    here = memory.model_copy(update={"url": str(client.base_url)})
    source = MemoryRoundTripSource(plan("memory"), here)
    assert by_series(source.read()) == {'ragpulse_memory_leftovers{service="memory"}': 0}
    assert failures(source.counters()) == {}
    assert requests(source.counters()) == {"write": 1, "read_back": 1, "delete": 1}
    assert client.get("/ready").json()["entries"] == 0

"""A round trip through the demo's memory service, and through every way in which a service can lose a memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.responses import JSONResponse, Response

from exporters.memory_roundtrip import MemoryRoundTripSource
from exporters.secret import SecretError
from ragpulse.services import HeaderAuth, Memory, MemoryRoundTrip
from tests.fakes.clocks import Standing
from tests.fakes.faulty_memory import (
    FaultyMemory,
    answers,
    faulty_memory,
    is_there_already,
    stores_and_says_nothing,
    the_first,
)
from tests.fakes.http_replay import refusing_url
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.running import until
from tests.fakes.watched import plan

TAG = "ragpulse-probe"
OF_THE_DEMO: dict[str, Any] = {
    "enabled": True,
    "every": "5m",
    "write": {
        "path": "/memories",
        "json": {"content": "{nonce}", "tags": [TAG]},
        "json_field": "success",
        "ok_values": [True],
        "id_field": "id",
    },
    "read": {"path": "/memories/{id}"},
    "delete": {"path": "/memories/{id}"},
    "leftovers": {
        "path": f"/memories?tag={TAG}",
        "list_field": "results",
        "id_field": "id",
        "text_field": "content",
    },
}
LEFT = 'ragpulse_memory_leftovers{service="memory"}'
OURS = "ragpulse-probe-" + "0" * 32
GONE = answers({"error": "there is no such memory"}, 404)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyMemory]:
    with faulty_memory(tmp_path_factory.mktemp("memory")) as service:
        yield service


@pytest.fixture
def memory(shared: FaultyMemory, tmp_path: Path) -> FaultyMemory:
    shared.begin(tmp_path)
    return shared


class Traveller:
    """The source, with a clock that moves only while it waits."""

    def __init__(self, url: str, auth: HeaderAuth | None = None, **settings: Any) -> None:
        self.clock = Standing()
        self.waited: list[float] = []
        trip = MemoryRoundTrip.model_validate(OF_THE_DEMO | settings)
        service = Memory(kind="memory", nodes=("sark",), url=url, auth=auth, roundtrip=trip)
        self.source = MemoryRoundTripSource(plan("memory"), service, self.clock.clocks, self._wait)

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.clock.live(seconds)

    def trip(self) -> float:
        """How many memories are left."""
        return by_series(self.source.read())[LEFT]

    def failed(self) -> dict[tuple[str, str], float]:
        return failures(self.source.counters())

    def made(self) -> dict[str, float]:
        return requests(self.source.counters())

    def readable_after(self) -> tuple[float, float]:
        """(memories, seconds of all)"""
        found = by_series(self.source.counters())
        name = "ragpulse_memory_write_to_readable_seconds"
        return found[f'{name}_count{{service="memory"}}'], found[f'{name}_sum{{service="memory"}}']


def entries(memory: FaultyMemory) -> int:
    return memory.store.check().entries


def test_a_memory_is_written_read_back_and_gone_afterwards(memory: FaultyMemory) -> None:
    memory.store.add("A note of somebody's.", [])
    traveller = Traveller(memory.url)
    for _ in range(3):
        assert traveller.trip() == 0
    assert traveller.made() == {"write": 3, "read_back": 3, "delete": 3}
    assert traveller.failed() == {}
    assert traveller.readable_after() == (3, 0)
    assert entries(memory) == 1


def test_every_outcome_is_there_at_zero_before_the_first_trip() -> None:
    found = by_series(Traveller("http://127.0.0.1:1").source.counters())
    assert found['ragpulse_probe_failures_total{service="memory",check="read_back",reason="lost"}'] == 0
    assert found['ragpulse_memory_write_to_readable_seconds_count{service="memory"}'] == 0
    assert set(found.values()) == {0}


def test_an_accepted_memory_that_never_becomes_readable_is_lost(memory: FaultyMemory) -> None:
    memory.faults["POST all"] = answers({"success": True, "id": "a" * 64})
    traveller = Traveller(memory.url, readable_within="4s")
    assert traveller.trip() == 0
    assert traveller.failed() == {("read_back", "lost"): 1}
    assert traveller.waited == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1, 1, 0.45])
    assert traveller.readable_after() == (0, 0)


def test_one_that_is_late_is_good_and_its_delay_is_told(memory: FaultyMemory) -> None:
    memory.faults["GET one"] = the_first(3, GONE)
    traveller = Traveller(memory.url)
    assert traveller.trip() == 0
    assert traveller.failed() == {}
    assert traveller.readable_after() == pytest.approx((1, 0.05 + 0.1 + 0.2))
    assert entries(memory) == 0


def test_a_duplicate_with_status_200_is_no_success(memory: FaultyMemory) -> None:
    memory.faults["POST all"] = is_there_already
    traveller = Traveller(memory.url)
    traveller.trip()
    assert traveller.failed() == {("write", "mismatch"): 1}
    assert traveller.made() == {"write": 1, "read_back": 0, "delete": 0}


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_told_as_such_and_nothing_is_tried_again(memory: FaultyMemory, status: int) -> None:
    memory.faults["POST all"] = answers({"detail": "no"}, status)
    traveller = Traveller(memory.url)
    traveller.trip()
    assert traveller.failed() == {("write", "auth"): 1}
    memory.faults = {"GET one": answers({"detail": "no"}, status)}
    assert traveller.trip() == 0
    assert traveller.failed() == {("write", "auth"): 1, ("read_back", "auth"): 1}
    assert traveller.waited == []


def test_what_could_not_be_deleted_is_counted_and_deleted_at_the_next_trip(memory: FaultyMemory) -> None:
    memory.faults["DELETE one"] = answers({"error": "the database refuses"}, 503)
    traveller = Traveller(memory.url)
    assert (traveller.trip(), traveller.trip()) == (1, 2)
    assert traveller.failed() == {("delete", "http_5xx"): 2}
    assert entries(memory) == 2
    memory.faults.clear()
    assert traveller.trip() == 0
    assert entries(memory) == 0


def test_without_a_list_the_agent_remembers_what_it_left(memory: FaultyMemory) -> None:
    memory.faults["DELETE one"] = the_first(1, answers({}, 500))
    traveller = Traveller(memory.url, leftovers=None)
    assert (traveller.trip(), traveller.trip()) == (1, 0)
    assert entries(memory) == 0


def test_what_an_earlier_agent_left_is_swept_first_and_nothing_of_anybody_else(memory: FaultyMemory) -> None:
    memory.store.add(OURS, [TAG])
    theirs = ["A note with our tag.", f"{OURS} and more", f"see {OURS}", OURS.upper()]
    for note in theirs:
        memory.store.add(note, [TAG])
    assert Traveller(memory.url).trip() == 0
    assert [content for _, content in memory.store.tagged(TAG, 10)] == theirs


def test_a_list_of_everything_is_no_reason_to_delete_everything(memory: FaultyMemory) -> None:
    memory.store.add("A note of somebody's.", [])
    everything: list[Any] = [{"id": "a" * 64, "content": "A note of somebody's."}, {"id": "b" * 64}, None, "text", []]
    memory.faults["GET all"] = answers({"results": everything})
    Traveller(memory.url).trip()
    assert [line for line in memory.asked if line.startswith("DELETE") and ("a" * 64 in line or "b" * 64 in line)] == []
    assert entries(memory) == 1


def test_another_text_under_our_id_is_not_deleted(memory: FaultyMemory) -> None:
    memory.faults["GET one"] = answers({"id": "x", "content": "somebody else's"})
    traveller = Traveller(memory.url)
    assert traveller.trip() == 0
    assert traveller.failed() == {("read_back", "lost"): 1}
    assert [line for line in memory.asked if line.startswith("DELETE")] == []


def test_a_memory_into_which_our_text_was_merged_is_told_at_once_and_not_deleted(memory: FaultyMemory) -> None:
    async def merged(service: FaultyMemory, _: dict[str, Any]) -> Response:
        (kept,) = service.store.tagged(TAG, 10)
        return JSONResponse({"content": f"What the user likes: tea, {kept[1]}"})

    memory.faults["GET one"] = merged
    traveller = Traveller(memory.url, leftovers=None)
    assert traveller.trip() == 0
    assert traveller.failed() == {("read_back", "mismatch"): 1}
    assert traveller.waited == []
    assert [line for line in memory.asked if line.startswith("DELETE")] == []


@pytest.mark.parametrize("told", ["", ".", "..", None, True, 1.5, ["a"], {}, "x" * 513, 10**600, "\r\nX: y"])
def test_what_is_no_id_never_becomes_part_of_a_path(memory: FaultyMemory, told: Any) -> None:
    memory.faults["POST all"] = answers({"success": True, "id": told})
    traveller = Traveller(memory.url)
    traveller.trip()
    assert traveller.failed() == {("write", "invalid"): 1}
    assert [line.split()[0] for line in memory.asked] == ["GET", "POST"]


@pytest.mark.parametrize("told", ["../../memories", "a/b?c#d", "ü %2e%2e", 7])
def test_an_odd_id_stays_one_part_of_the_path(memory: FaultyMemory, told: Any) -> None:
    memory.faults["POST all"] = answers({"success": True, "id": told})
    traveller = Traveller(memory.url, readable_within="10ms")
    traveller.trip()
    assert traveller.failed() == {("read_back", "lost"): 1}
    assert f"DELETE /memories/{quote(str(told), safe='')}" in memory.asked


def test_a_write_whose_answer_never_came_is_swept_at_the_next_trip(memory: FaultyMemory) -> None:
    memory.faults["POST all"] = the_first(1, stores_and_says_nothing)
    traveller = Traveller(memory.url, timeout="500ms")
    traveller.trip()
    assert traveller.failed() == {("write", "timeout"): 1}
    until(lambda: entries(memory) == 1, "the memory is stored")
    assert Traveller(memory.url).trip() == 0
    assert entries(memory) == 0


def test_a_service_that_is_not_there_is_no_error_of_ours() -> None:
    with refusing_url() as url:
        traveller = Traveller(url)
        assert traveller.trip() == 0
    assert traveller.failed() == {("write", "connect"): 1}


def test_a_client_may_choose_the_id(memory: FaultyMemory) -> None:
    write = {"path": "/memories", "json": {"content": "{nonce}", "tags": [TAG, "{id}"]}}
    traveller = Traveller(memory.url, write=write, readable_within="10ms")
    traveller.trip()
    (kept,) = memory.store.tagged(TAG, 10)
    assert kept[1].startswith("ragpulse-probe-")
    read, deleted = memory.asked[-2:]
    assert read.removeprefix("GET ") == deleted.removeprefix("DELETE ")


def test_an_unreadable_secret_is_our_own_inability_and_forgets_nothing(memory: FaultyMemory, tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("a throw-away key")

    async def rotated(_: FaultyMemory, __: dict[str, Any]) -> None:
        secret.unlink()

    memory.faults["POST all"] = rotated
    traveller = Traveller(memory.url, HeaderAuth(value_file=str(secret)))
    with pytest.raises(SecretError):
        traveller.trip()
    assert entries(memory) == 1
    memory.faults.clear()
    secret.write_text("another key")
    assert traveller.trip() == 0
    assert entries(memory) == 0


def test_a_trip_that_is_cut_has_failed_and_still_deletes(memory: FaultyMemory) -> None:
    async def cut(_: FaultyMemory, __: dict[str, Any]) -> None:
        traveller.source.cut()

    traveller = Traveller(memory.url)
    memory.faults["GET one"] = cut
    assert traveller.trip() == 0
    assert traveller.failed() == {("read_back", "deadline"): 1, ("delete", "deadline"): 1}
    assert traveller.readable_after() == (0, 0)
    assert entries(memory) == 0


def test_a_trip_ends_before_the_next_is_due_however_slow_the_service_is() -> None:
    slowest = Traveller("http://127.0.0.1:1", timeout="30s", readable_within="1m").source
    assert slowest.timeout < slowest.interval

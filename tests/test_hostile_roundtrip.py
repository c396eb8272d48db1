"""A round trip through hostile services: whatever they say, it ends, its failures have names, and nothing of theirs is
deleted.
"""

import json
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.fakes.hostile_answers import VALUES, replaced
from tests.fakes.hostile_server import Behaviour, Conversation, hostile
from tests.fakes.hostile_watch import SECRET, Seen, Watch
from tests.fakes.hostile_wire import BODY, MISLEADING, SERVERS, answer
from tests.fakes.watched import PATIENT
from tests.test_hostile_wire import QUICK, REASONS

WRITTEN, LISTED = "/trips", "/trips?left"
OURS = "ragpulse-probe-" + "0" * 32
WELL = {WRITTEN: {"id": "m1"}, LISTED: {"left": [{"id": "m0", "text": OURS}]}}
FIELDS: list[tuple[str, tuple[str | int, ...]]] = [
    (WRITTEN, ()), (WRITTEN, ("id",)), (LISTED, ()), (LISTED, ("left",)), (LISTED, ("left", 0)),
    (LISTED, ("left", 0, "id")), (LISTED, ("left", 0, "text")),
]  # fmt: skip


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    return file


def look(url: str, secret: Path, request_timeout: float = PATIENT, rounds: int = 1) -> Seen:
    with Watch(url, secret, request_timeout, kinds=("trip",)) as watch:
        for _ in range(rounds):
            watch.round()
        seen = watch.seen()
    seen.assert_contained()
    for text in (seen.page, seen.landing, seen.log):
        assert BODY.decode() not in text
    return seen


def remembering(asked: list[str], path: str, field: tuple[str | int, ...], value: bytes) -> Behaviour:
    """A service that is well but for one field, and never shows a memory."""
    bodies = {where: json.dumps(body).encode() for where, body in WELL.items()}
    bodies[path] = replaced(WELL[path], field, value)

    def behave(talk: Conversation) -> None:
        while (heard := talk.hear()) is not None:
            asked.append(f"{talk.asked.split(b' ')[0].decode()} {heard}")
            talk.say(answer(bodies.get(heard, b"{}")))

    return behave


@pytest.mark.parametrize("name", SERVERS)
def test_a_write_fails_for_the_reason_of_the_table(name: str, secret: Path) -> None:
    with SERVERS[name]() as url:
        seen = look(url, secret, QUICK if REASONS[name] == "timeout" else PATIENT)
    assert seen.failures() == {("trip", "write"): REASONS[name]}
    assert seen.errors() == {}


@pytest.mark.parametrize("name", MISLEADING)
def test_a_good_status_over_something_else_is_no_memory(name: str, secret: Path) -> None:
    with hostile(MISLEADING[name]) as url:
        assert look(url, secret).failures() == {("trip", "write"): "invalid"}


@pytest.mark.parametrize(("path", "field"), FIELDS)
def test_whatever_stands_in_a_field_only_single_memories_are_asked_for_and_deleted(
    path: str, field: tuple[str | int, ...], secret: Path
) -> None:
    for name, value in VALUES.items():
        asked: list[str] = []
        with hostile(remembering(asked, path, field, value)) as url:
            seen = look(url, secret)
        assert set(seen.failures().values()) <= {"invalid", "mismatch", "too_large", "lost"}, name
        assert seen.errors() == {}, name
        for line in asked:
            if not line.endswith((" /trips", " /trips?left")):
                _, one = line.split(" /trips/")
                assert one not in ("", ".", "..")
                assert "/" not in one
                assert "?" not in one
                assert len(unquote(one)) <= 512


def test_a_write_that_nobody_answered_is_not_sent_again(secret: Path) -> None:
    """As a GET would be, on a connection that was kept from the list before it."""
    asked: list[str] = []

    def behave(talk: Conversation) -> None:
        while talk.hear() is not None:
            asked.append(talk.asked.split(b" ")[0].decode())
            if asked[-1] == "POST":
                return
            talk.say(answer(b'{"left":[]}'))

    with hostile(behave) as url:
        assert look(url, secret).failures() == {("trip", "write"): "connect"}
    assert asked == ["GET", "POST"]


def test_a_list_without_end_is_worked_on_for_a_bounded_time_and_not_remembered_whole(secret: Path) -> None:
    many = b",".join(b'{"id":"%d","text":"%s"}' % (number, OURS.encode()) for number in range(12_000))
    assert len(many) < 1024 * 1024
    asked: list[str] = []

    def behave(talk: Conversation) -> None:
        while (heard := talk.hear()) is not None:
            asked.append(heard)
            listed = heard == LISTED
            talk.say(
                answer(b'{"left":[' + many + b"]}" if listed else b"{}", status=b"200 OK" if listed else b"500 No")
            )

    with hostile(behave) as url:
        series = look(url, secret).series()
    assert series["ragpulse_memory_leftovers", "trip"] == 100
    assert len(asked) == 102

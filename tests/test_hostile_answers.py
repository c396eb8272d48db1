"""A well-formed answer with a hostile content costs only what could not be read of it, and the reason has a name."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from exporters.chroma_source import MAX_COLLECTIONS
from exporters.vllm_text import MAX_ENGINES
from tests.fakes import hostile_answers
from tests.fakes.hostile_answers import FIELDS, LISTED, METRICS, RECORDS, VALUES, VLLM_VERSION, routes
from tests.fakes.hostile_pages import LEFT_OUT, TOKENS, UNREADABLE, WAITING, family, line, running
from tests.fakes.hostile_server import hostile, routed
from tests.fakes.hostile_watch import CHECKS, SECRET, Seen, Watch
from tests.fakes.hostile_wire import answer

NOT_FOUND = answer(b"", status=b"404 Not Found")
DROPPED = "ragpulse_source_dropped_series"
KINDS = {"api": ["chroma"], "status": ["memory", "site"], "search": ["memory"], "v1": ["vllm"], "version": ["vllm"]}


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    return file


def look(answers: Mapping[str, bytes], secret: Path, *kinds: str) -> Seen:
    with hostile(routed(answers, NOT_FOUND)) as url, Watch(url, secret, kinds=kinds or tuple(CHECKS)) as watch:
        watch.round()
        return watch.seen()


def test_a_service_that_is_well_is_found_well(secret: Path) -> None:
    seen = look(routes(), secret)
    assert seen.failures() == {}
    assert seen.errors() == {}
    series = seen.series()
    assert series["ragpulse_chroma_collection_records", "chroma", "documents"] == 7
    assert series["ragpulse_chroma_recall_ratio", "chroma", "10"] == 1
    assert series["ragpulse_memory_reading", "memory", "deep"] == 1
    assert series["ragpulse_vllm_info", "vllm", "0.32.0"] == 1
    assert series[DROPPED, "chroma:chroma"] == series[DROPPED, "vllm:vllm"] == 0


@pytest.mark.no_cover
@pytest.mark.parametrize(("path", "field"), FIELDS)
def test_every_value_of_every_field_is_good_or_has_a_reason(
    path: str, field: tuple[str | int, ...], secret: Path
) -> None:
    kinds = KINDS[path.split("/")[1]]
    good = set()
    for name, value in VALUES.items():
        seen = look(routes(path, field, value), secret, *kinds)
        seen.assert_contained()
        assert set(seen.failures().values()) <= {"invalid", "mismatch", "too_large" if "MB" in name else "invalid"}
        if not seen.failures() and not seen.errors():
            good.add(name)
    assert good == FIELDS[path, field]


@pytest.mark.parametrize(("digits", "shown"), [(1, True), (15, True), (400, False), (5000, False)])
def test_a_number_that_cannot_be_told_is_none(digits: int, shown: bool, secret: Path) -> None:  # noqa: FBT001
    number = b"9" * digits
    seen = look({**routes("/status", ("entries",), number), RECORDS: answer(number)}, secret)
    series = seen.series()
    assert (series.get(("ragpulse_memory_reading", "memory", "entries")) == float(number)) == shown
    assert (series.get(("ragpulse_chroma_collection_records", "chroma", "documents")) == float(number)) == shown


NAMES = {
    "a line break": ("a\nb", False),
    "control characters": ("\x1b[2J\0", False),
    "a lone surrogate": ("\ud800", False),
    "another one": ("\ud801", False),
    "10 KB": ("x" * 10_000, False),
    "quotes": ('"} 1\\', True),
    "a smiley": ("🙂", True),
    "what would be HTML": ("<script>alert(1)</script>", True),
    "512 characters": ("y" * 512, True),
}  # fmt: skip


def test_collections_with_names_that_are_none_are_counted_and_not_shown(secret: Path) -> None:
    identity = RECORDS.split("/")[-2]
    listed = [{"name": name, "id": identity} for name, _ in NAMES.values()]
    seen = look(routes(LISTED, (), json.dumps(listed).encode()), secret, "chroma")
    series = seen.series()
    shown = {key[2] for key in series if key[0] == "ragpulse_chroma_collection_records"}
    assert shown == {name for name, is_shown in NAMES.values() if is_shown}
    assert series[DROPPED, "chroma:chroma"] == sum(not is_shown for _, is_shown in NAMES.values())
    assert seen.errors() == {}
    seen.assert_contained()


def test_of_10_000_collections_the_first_hundred_are_shown_and_the_others_counted(secret: Path) -> None:
    identity = RECORDS.split("/")[-2]
    listed = [{"name": f"c{number:05}", "id": identity} for number in range(10_000)]
    seen = look(routes(LISTED, (), json.dumps(listed).encode()), secret, "chroma")
    series = seen.series()
    assert sum(key[0] == "ragpulse_chroma_collection_records" for key in series) == MAX_COLLECTIONS
    assert series[DROPPED, "chroma:chroma"] == 10_000 - MAX_COLLECTIONS
    seen.assert_contained()


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_page_that_no_vllm_says_is_an_error_that_names_the_page(name: str, secret: Path) -> None:
    page = UNREADABLE[name]
    seen = look(routes() | {METRICS: answer(page if isinstance(page, bytes) else page.encode())}, secret, "vllm")
    assert set(seen.errors()) == {"vllm:vllm"}
    assert seen.errors()["vllm:vllm"].startswith("GET /metrics")
    assert seen.state_of_vllm() is None
    assert seen.failures() == {}, "the probe asks for another page"
    seen.assert_contained()


@pytest.mark.parametrize("name", LEFT_OUT)
def test_of_a_page_without_end_the_most_is_shown_and_the_rest_counted(name: str, secret: Path) -> None:
    page, left_out = LEFT_OUT[name]
    seen = look(routes() | {METRICS: answer(page.encode())}, secret, "vllm")
    series = seen.series()
    assert seen.errors() == {}
    assert series[DROPPED, "vllm:vllm"] == left_out
    assert 1 <= sum(key[0] == "ragpulse_vllm_requests_running" for key in series) <= MAX_ENGINES
    assert seen.state_of_vllm() == "serving"
    seen.assert_contained()


def test_a_page_that_changes_its_shape_is_read_anew_each_time(secret: Path) -> None:
    tokens = "ragpulse_vllm_generation_tokens_total"
    answers = routes()
    shapes = {
        "well": (running() + family(TOKENS, "counter", [line(TOKENS, 500)]), {"0": 500.0}, False),
        "a counter that falls": (running() + family(TOKENS, "counter", [line(TOKENS, 5)]), {"0": 5.0}, False),
        "another type": (running() + family(TOKENS, "gauge", [line(TOKENS, 7)]), {}, False),
        "another engine": (running() + family(TOKENS, "counter", [line(TOKENS, 9, engine=1)]), {"1": 9.0}, False),
        "nothing": ("# TYPE vllm:x gauge\n", {}, False),
        "garbage": ("\0\n", {"1": 9.0}, True),
        "well again": (running() + family(TOKENS, "counter", [line(TOKENS, 501)]), {"0": 501.0}, False),
    }
    last: dict[str, float] = {}
    with hostile(routed(answers, NOT_FOUND)) as url, Watch(url, secret, kinds=("vllm",)) as watch:
        for page, expected, is_error in shapes.values():
            answers[METRICS] = answer(page.encode())
            watch.round()
            seen = watch.seen()
            found = {key[3]: value for key, value in seen.series().items() if key[0] == tokens}
            assert bool(seen.errors()) == is_error
            assert found == (last if is_error else expected), "an error leaves the last reading until it is too old"
            last = found
            assert seen.failures() == {}
    assert seen.health["vllm:vllm"].runs == {"ok": len(shapes) - 1, "error": 1, "deadline": 0}


def test_our_own_counters_neither_fall_nor_stick_whatever_the_page_counts(secret: Path) -> None:
    """Demand tokens are ours for the life of the agent: one absurd answer must not fix them at a number without end."""
    answers = routes()
    counted = []
    with hostile(routed(answers, NOT_FOUND)) as url, Watch(url, secret, kinds=("vllm",)) as watch:
        for tokens in (100, "1e308", 50, 2**53, 10, 30):
            waiting = family(WAITING, "gauge", [line(WAITING, 3)])
            answers[METRICS] = answer(
                (running() + waiting + family(TOKENS, "counter", [line(TOKENS, tokens)])).encode()
            )
            watch.round()
            counted.append(watch.seen().series()["ragpulse_vllm_demand_generation_tokens_total", "vllm"])
    assert counted == sorted(counted)
    assert counted[-1] == counted[-2] + 20


def test_a_version_that_is_no_label_is_not_said(secret: Path) -> None:
    for version in ("x" * 513, "1\n2", ""):
        seen = look(routes(VLLM_VERSION, (), json.dumps({"version": version}).encode()), secret, "vllm")
        assert not any(key[0] == "ragpulse_vllm_info" for key in seen.series())
        seen.assert_contained()
    seen = look(routes(hostile_answers.VERSION, (), json.dumps("x" * 513).encode()), secret, "chroma")
    assert re.search("version is no text", seen.errors()["chroma:chroma"])

"""`ragpulse maintenance`: one command announces work to a real pair of Alertmanagers, and it ends by itself."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exporters.maintenance_source import MaintenanceSource, maintenance_sources
from tests.fakes import loopback
from tests.fakes.alertmanagers import Pair, pair
from tests.fakes.binaries import FOLDERS
from tests.fakes.running import until
from tests.fakes.typed import Said, typed

NOBODY = "cluster: c\nnodes: {a: {address: 127.0.0.1}, b: {address: 127.0.0.2}}\nservices:\n"
NOBODY += "  b: {kind: http, nodes: [a], url: 'http://127.0.0.1'}\n"


@pytest.fixture(scope="module", params=range(max(1, len(FOLDERS))), ids=lambda index: f"generation {index + 1}")
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair(request.param, tmp_path_factory.mktemp("pair")) as found:
        yield found


def call(two: Pair, capsys: pytest.CaptureFixture[str], *words: str) -> Said:
    return typed(capsys, "maintenance", *words, "--config", two.file)


def silences(url: str) -> list[dict[str, Any]]:
    return [each for each in loopback.get(f"{url}/api/v2/silences").json() if each["status"]["state"] == "active"]


def matched(url: str) -> set[tuple[str, str]]:
    return {(each["matchers"][0]["name"], each["matchers"][0]["value"]) for each in silences(url)}


def left(two: Pair, capsys: pytest.CaptureFixture[str]) -> float:
    """Seconds that the only work that is announced still takes."""
    (listed,) = json.loads(call(two, capsys, "list", "--json").out)
    assert listed["covers"] == ["chroma", "gateway"]
    return float(listed["ends"]) - time.time()


def seen(two: Pair, node: str) -> set[str]:
    """What the agent of a monitoring node says of its own Alertmanager."""
    (planned,) = maintenance_sources(two.cluster, node)
    assert isinstance(planned.source, MaintenanceSource)
    return {sample.labels[0] for sample in planned.source.read() if sample.value}


def test_work_on_a_service_covers_what_needs_it_and_ends_at_its_word(
    two: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    said = call(two, capsys, "start", "chroma", "--for", "30m", "--why", "new disk", "--owner", "op")
    assert said.status == 0
    assert "(op: new disk)\ncovered: chroma, gateway\n" in said.out
    assert seen(two, "a") == seen(two, "b") == {"chroma", "gateway"}
    for url in two.urls:
        found = silences(url)
        assert matched(url) == {("service", "chroma|gateway")}
        assert {(each["createdBy"], each["comment"]) for each in found} == {
            ("op", "ragpulse maintenance of service chroma: new disk")
        }
    assert 29 * 60 < left(two, capsys) <= 30 * 60

    # A second time it lasts longer, and a third time not shorter; whoever gives no reason has the same.
    call(two, capsys, "start", "chroma", "--for", "3h", "--why", "slow disk", "--owner", "op")
    assert "(op: slow disk)" in call(two, capsys, "start", "chroma", "--for", "1m", "--owner", "op").out
    assert 179 * 60 < left(two, capsys) <= 180 * 60

    said = call(two, capsys, "end", "chroma")
    assert (said.status, said.out) == (0, "chroma: the work ends in 2 min, so that what it broke can recover\n")
    # What the two tell each other may come late.
    until(lambda: left(two, capsys) <= 2 * 60, "both have heard of its end")
    assert left(two, capsys) > 60
    assert seen(two, "a") == {"chroma", "gateway"}


def test_work_on_a_node_covers_it_and_all_that_needs_it(two: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(two, capsys, "start", "b", "--owner", "op").status == 0
    expected = {("service", "memory|web"), ("node", "b"), ("peer", "b")}
    until(lambda: all(expected <= matched(url) for url in two.urls), "both know")
    assert {"memory", "web"} <= seen(two, "b")
    said = call(two, capsys, "list")
    assert "b, memory, web" in said.out
    assert "1 h 59 min" in said.out, "two hours, unless told otherwise"


def test_it_ends_by_itself(two: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(two, capsys, "start", "web", "--for", "1s", "--owner", "op").status == 0
    until(
        lambda: not any(each["comment"].endswith("web: work") for url in two.urls for each in silences(url)), "its end"
    )
    assert "web:" not in call(two, capsys, "list").out
    said = call(two, capsys, "end", "web")
    assert (said.status, said.err) == (
        1, "web: no work is announced; `ragpulse maintenance list` shows what is\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        (["start", "chrome"], "chrome: no service or node of two is called so; did you mean chroma?"),
        (["start", "chroma", "--for", "2"], "--for: '2' has no unit; write it like 10s (units: ms, s, m, h, d, w)"),
        (["start", "web", "--for", "25h"], "--for 25h: longer than a day is soon forgotten; add --force if it must be"),
        (["start", "chroma", "--why", "a\nb"], "--why: write a few words on one line, at most 200 characters"),
        (["start", "chroma", "--owner", "x" * 201], "--owner: write a few words on one line, at most 200 characters"),
        (["start", "chroma", "--owner", ""], "--owner: write a few words on one line, at most 200 characters"),
        (["start", "node:web"], "node:web: no service or node of two is called so; did you mean web?"),
    ],
    ids=["nobody", "no unit", "too long", "two lines", "too many words", "no owner", "another kind"],
)  # fmt: skip
def test_a_mistake_is_one_line(two: Pair, words: list[str], mistake: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = [matched(url) for url in two.urls]
    said = call(two, capsys, *words)
    assert (said.status, said.err, said.out) == (2, f"{mistake}\n", "")
    assert [matched(url) for url in two.urls] == before


def test_longer_than_a_day_must_be_meant(two: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(two, capsys, "start", "memory", "--for", "2d", "--force", "--owner", "op").status == 0
    assert "1 d 23 h" in call(two, capsys, "list").out


def test_without_any_alertmanager_it_says_where_to_call_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(NOBODY + "monitoring: {nodes: [a], ports: {alertmanager: 1}}\n")
    said = typed(capsys, "maintenance", "list", "--config", file)
    assert said.status == 1
    assert said.err.startswith("no Alertmanager can be asked; call this on a: http://127.0.0.1:1: no answer")
    said = typed(capsys, "maintenance", "start", "b", "--config", file)
    assert (said.status, said.err) == (
        2, "b: a node and a service are called so; write node:b or service:b\n"
    )  # fmt: skip

"""Every board over a real Prometheus with a week of a cluster that is well, and of one in which everything is broken:
nothing is empty without a reason, and whatever judges takes the colour that it should.
"""

from collections.abc import Iterator

import httpx
import pytest

from tests.fakes.board_colour import colour, judged
from tests.fakes.board_json import Json, example, expressions, filled_in, panels
from tests.fakes.worlds import RECENT, WEEK, World, world

GOOD, TROUBLE, GREY = {"green"}, {"red", "orange"}, {"#8e8e8e"}
# What an expression holds that may find nothing while all is well → why.
NOTHING_TO_TELL = {
    "== 0) * NaN": "it says that a version does not offer a metric",
    'metric_offered{cluster=~"$cluster"} == 0': "this version offers everything",
}
# Columns that judge and do not turn here: each alert of the broken week fired once.
NOT_BROKEN_HERE = {"Times"}


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("well"), 0, well=True) as found:
        yield found


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("broken"), 1, well=False) as found:
        yield found


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield client


def values(client: httpx.Client, of: World, expression: str, at: float) -> list[float]:
    asked = {"query": filled_in(expression, node=".*"), "time": str(at)}
    answer = client.get(f"{of.url}/api/v1/query", params=asked).json()
    assert answer["status"] == "success", (expression, answer)
    assert not answer.get("warnings"), (expression, answer)
    return [float(found["value"][1]) for found in answer["data"]["result"]]


def colours(settings: Json, found: list[float]) -> set[str]:
    return {colour(settings, value) for value in found} or {colour(settings, None)}


def over_the_week(client: httpx.Client, of: World, expression: str) -> bool:
    text = filled_in(expression.replace("$__rate_interval", "4h"), node=".*")
    asked = {"query": text, "start": str(of.end - WEEK + 14400), "end": str(of.end), "step": "3600"}
    answer = client.get(f"{of.url}/api/v1/query_range", params=asked).json()
    assert answer["status"] == "success", (expression, answer)
    return bool(answer["data"]["result"])


def all_panels() -> Iterator[tuple[str, Json]]:
    for name, board in example().items():
        for panel in panels(board):
            yield name, panel


def excused(expression: str) -> bool:
    return any(part in expression for part in NOTHING_TO_TELL)


def test_no_panel_is_empty_while_all_is_well_neither_now_nor_over_a_week(well: World, client: httpx.Client) -> None:
    empty = [
        (name, panel["title"], expression)
        for name, panel in all_panels()
        for expression in expressions(panel)
        if not excused(expression)
        and not (
            values(client, well, expression, well.end)
            and (all(each["instant"] for each in panel["targets"]) or over_the_week(client, well, expression))
        )
    ]
    assert not empty


def test_what_is_excused_is_really_empty(well: World, client: httpx.Client) -> None:
    asked = [expression for _, panel in all_panels() for expression in expressions(panel) if excused(expression)]
    assert asked
    assert all(any(part in expression for expression in asked) for part in NOTHING_TO_TELL)
    assert not [expression for expression in asked if values(client, well, expression, well.end)]


def test_every_verdict_takes_its_colour_when_all_is_well_when_it_breaks_and_when_nobody_measures(
    well: World, broken: World, client: httpx.Client
) -> None:
    wrong = []
    for name, panel in all_panels():
        if panel["type"] != "stat":
            continue
        (target,), settings = panel["targets"], panel["fieldConfig"]["defaults"]
        seen = [
            colours(settings, values(client, of, target["expr"], at))
            for of, at in ((well, well.end), (broken, broken.end), (well, well.end + RECENT))
        ]
        print(f"{name:12} {panel['title']:32} {' | '.join(', '.join(sorted(each)) for each in seen)}")
        if not (seen[0] <= GOOD and seen[1] <= TROUBLE and seen[2] <= GREY):
            wrong.append((name, panel["title"], seen))
    assert not wrong


def test_every_judged_value_of_bars_and_tables_turns(well: World, broken: World, client: httpx.Client) -> None:
    still = []
    for name, panel in all_panels():
        for title, target, settings in judged(panel):
            if panel["type"] == "stat" or title.split(": ")[-1] in NOT_BROKEN_HERE:
                continue
            good, bad = (colours(settings, values(client, of, target["expr"], of.end)) for of in (well, broken))
            if not (good <= GOOD | GREY and bad & TROUBLE):
                still.append((name, title, good, bad))
    assert not still

"""How long a window has to be: the table of docs/baseline.md, read from there and simulated cell by cell."""

import re
from math import exp
from pathlib import Path

import pytest

from ragpulse.report.gate import Blocks, judge
from ragpulse.report.kinds import KINDS
from ragpulse.report.samples import sample
from ragpulse.report.saved import Steps
from ragpulse.report.window import window
from tests.fakes.reports import chance

SCRAPE = 10.0
RUNS, AT_LEAST = 40, 38
OTHERS = [Blocks((0.0,) * 12, (0.0,) * 12, 0.01, 0.05)] * 19
TEXT = (Path(__file__).parent.parent / "docs" / "baseline.md").read_text()
ROWS = re.findall(r"^\| every (\d+) s from (one|three) nodes? \|(.*)\|$", TEXT, re.MULTILINE)
HOURS = (1, 2, 4, 8, 24)
CELLS = [
    (int(every), {"one": 1, "three": 3}[nodes], hours, float(spread))
    for every, nodes, spreads in ROWS
    for hours, spread in zip(HOURS, spreads.split("|"), strict=True)
]


def node(every: int, hours: int, spread: float, slower: float, seed: str) -> Steps:
    looked_at = window(0.0, hours * 3600.0, SCRAPE)
    rng = chance(seed)
    amount, of = [0.0] * looked_at.steps, [0.0] * looked_at.steps
    for probe in range(int(looked_at.seconds / every)):
        at = int(probe * every / looked_at.step)
        amount[at] += slower * 0.02 * exp(spread * rng.gauss(0, 1))
        of[at] += 1
    return Steps(amount=tuple(amount), of=tuple(of))


def verdict(every: int, nodes: int, hours: int, spread: float, *, slower: float, seed: int) -> str:
    before, now = (
        {str(index): node(every, hours, spread, factor, f"{when} {index} {seed}") for index in range(nodes)}
        for when, factor in (("before", 1.0), ("now", slower))
    )
    step = window(0.0, hours * 3600.0, SCRAPE).step
    return judge([sample(KINDS["latency"], before, now, step), *OTHERS])[0]


def test_the_table_is_found() -> None:
    assert len(CELLS) == 4 * len(HOURS)


@pytest.mark.proof
@pytest.mark.parametrize(("every", "nodes", "hours", "spread"), CELLS)
def test_of_40_runs_38_tell(every: int, nodes: int, hours: int, spread: float) -> None:
    slow = [verdict(every, nodes, hours, spread, slower=1.15, seed=seed) for seed in range(RUNS)]
    same = [verdict(every, nodes, hours, spread, slower=1.0, seed=-seed - 1) for seed in range(RUNS)]
    print(f"\nevery {every} s, {nodes}, {hours} h, {spread}: {slow.count('worse')}, {same.count('same')}")
    assert slow.count("worse") >= AT_LEAST
    assert same.count("same") >= AT_LEAST

"""What a drill measured as rows: kept in a file, compared with it, and written as a document."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alerts.rule import Alert
from alerts.rules import COMPONENTS
from ragpulse import cluster_file
from ragpulse.drill import kept
from ragpulse.drill.compare import regressions
from ragpulse.drill.document import document
from ragpulse.drill.faults import FAULTS
from ragpulse.drill.row import Row, row, wrong
from ragpulse.drill.run import Run

ROOT = Path(__file__).parent.parent
COMMITTED = ROOT / "docs" / "detection-times.json"
ABOUT: dict[str, Any] = {"command": "ragpulse drill", "commit": "abc"}
OUTAGE, SILENT, TICKET = (
    next(fault for fault in FAULTS if fault.name == name)
    for name in ("chroma-killed", "one-lost-probe", "backup-stale")
)


def told(seconds: float | None, pages: int = 1, **more: int) -> Run:
    heard = {**({} if seconds is None else {"ServiceDown": 1}), **more}
    return Run(seconds, heard, pages, max(pages, len(heard)), watched=70.0, load=2.0)


def outage(*runs: Run, accelerated: bool = False) -> Row:
    return row(OUTAGE, runs, "abc", accelerated=accelerated)


def test_a_row_tells_of_the_middle_and_of_the_worst() -> None:
    found = outage(told(50.0), told(55.0), told(70.0, pages=2))
    assert (found.p50_seconds, found.max_seconds, found.pages, found.runs) == (55.0, 70.0, 2, 3)
    assert not wrong([outage(told(60.0), told(60.0), told(75.0))]), "the limits themselves are kept"


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (outage(told(60.1), told(60.1)), "half of the runs took longer than 60.1 s; the limit is 60 s"),
        (outage(told(50.0), told(50.0), told(75.1)), "one run took 75.1 s; the limit is 75 s"),
        (outage(told(50.0), told(None, 0)), "ServiceDown was not told in each run; told: ServiceDown"),
        (outage(told(50.0, pages=2, NodeDown=1)), "2 pages, where 1 is right: NodeDown, ServiceDown"),
        (row(SILENT, [told(None, 0, ServiceDown=1)], "abc", accelerated=False), "nobody should be told, and is"),
        (row(TICKET, [told(50.0, 1)], "abc", accelerated=False), "1 pages, where 0 is right"),
    ],
    ids=["slow", "one slow", "not told", "two pages", "told of nothing", "a page beside a ticket"],
)
def test_what_is_not_as_it_must_be_is_said(found: Row, says: str) -> None:
    [line] = wrong([found])
    assert line.startswith(f"{found.fault}: ")
    assert says in line


def test_accelerated_times_have_no_limits() -> None:
    assert not wrong([outage(told(80.0), accelerated=True)])


def test_silence_is_what_a_lost_probe_must_make() -> None:
    assert not wrong([row(SILENT, [told(None, 0)], "abc", accelerated=False)])


BEFORE = outage(told(40.0))


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (outage(told(60.1)), "half of the runs took 60.1 s, where it was 40 s"),
        (outage(told(40.0, pages=2)), "2 pages, where there were 1"),
        (outage(told(None, 0)), "was told after 40 s, and is not told in each run"),
        (outage(told(40.0, MonitoringDown=1)), "MonitoringDown is told too, and was not"),
        (replace(BEFORE, alert="ServiceNotReady"), "should be told as ServiceNotReady, was told as ServiceDown"),
    ],
    ids=["slower", "more pages", "silent", "one more alert", "another alert"],
)
def test_what_has_become_worse_is_said(now: Row, says: str) -> None:
    assert regressions([BEFORE], [now]) == [f"chroma-killed: {says}"]


@pytest.mark.parametrize("seconds", [60.0, 12.0], ids=["as slow as may be", "faster"])
def test_a_busy_machine_is_no_regression(seconds: float) -> None:
    assert not regressions([BEFORE], [outage(told(seconds))])


def test_a_short_time_may_be_ten_seconds_longer() -> None:
    assert not regressions([outage(told(8.0))], [outage(told(18.0))])
    assert regressions([outage(told(8.0))], [outage(told(18.1))])


def test_other_intervals_are_not_compared() -> None:
    assert not regressions([outage(told(4.0), accelerated=True)], [outage(told(60.0))])
    assert not regressions([], [outage(told(60.0))])


def test_what_is_saved_replaces_its_own_rows_alone(tmp_path: Path) -> None:
    file = tmp_path / "times.json"
    kept.save(file, [outage(told(40.0)), row(SILENT, [told(None, 0)], "abc", accelerated=False)], ABOUT)
    kept.save(file, [outage(told(50.0))], ABOUT)
    assert {found.fault: found.p50_seconds for found in kept.load(file)} == {
        "chroma-killed": 50.0,
        "one-lost-probe": None,
    }
    assert file.with_suffix(".md").read_text() == document(kept.load(file))


def test_an_alert_has_the_time_of_its_slowest_fault(tmp_path: Path) -> None:
    file = tmp_path / "times.json"
    stopped = replace(outage(told(65.0)), fault="engine-stopped")
    fast = replace(outage(told(90.0), accelerated=True), fault="another")
    kept.save(file, [stopped, outage(told(40.0)), fast], ABOUT)
    found = json.loads(file.read_text())
    assert list(found) == ["_about", "ServiceDown"]
    assert found["ServiceDown"] == {
        "fault": "engine-stopped", "runs": 1, "p50_seconds": 65.0, "max_seconds": 65.0, "accelerated": False,
        "pages": 1, "notifications": 1, "watched_after_healing_seconds": 70.0,
    }  # fmt: skip
    assert found["_about"]["command"] == "ragpulse drill"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"_about": {"faults": [{"fault": 1}]}}', "\xff"])
def test_what_is_no_such_table_is_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "times.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(kept.KeptError, match=f"^{file}: is no table that `ragpulse drill --save` wrote") as caught:
        kept.load(file)
    assert caught.value.exit_code == 2


def test_the_committed_document_is_that_of_the_committed_times() -> None:
    assert COMMITTED.with_suffix(".md").read_text() == document(kept.load(COMMITTED))


def test_each_fault_is_told_as_an_alert_that_exists() -> None:
    cluster = cluster_file.load(ROOT / "tests" / "clusters" / "good" / "every_key.yaml")
    rules = [each for rules in COMPONENTS.values() for group in rules(cluster) for each in group.rules]
    alerts = {(rule.name, rule.severity) for rule in rules if isinstance(rule, Alert)}
    for fault in FAULTS:
        assert fault.alert is None or (fault.alert, fault.severity) in alerts


def test_what_is_committed_was_as_it_must_be() -> None:
    found = kept.load(COMMITTED)
    assert {each.fault for each in found} <= {fault.name for fault in FAULTS}
    assert not wrong(found)

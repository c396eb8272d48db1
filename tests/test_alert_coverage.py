"""Every alert has a cell, an owner, a drill or a reason, and four kinds of test; every cell has an answer."""

import re
from pathlib import Path

import pytest

from alerts import uncovered
from alerts.coverage import COMPONENTS, COVERAGE, MODES
from alerts.coverage_document import coverage_document, detection_times
from ragpulse import cluster_file
from tests.fakes.rule_tests import all_rules, small_cluster

ROOT = Path(__file__).parent.parent
EXAMPLE = cluster_file.load(ROOT / "cluster.example.yaml")
RULES = [rule for cluster in (EXAMPLE, small_cluster()) for rule in all_rules(cluster)]
TIMES = ROOT / "docs" / "detection-times.json"
DOCUMENT = coverage_document((EXAMPLE,), detection_times(TIMES))


def test_every_alert_has_a_cell_and_an_owner_and_nothing_else_has() -> None:
    assert COVERAGE.keys() == {rule["alert"] for rule in RULES if "alert" in rule}
    assert all(covered.cells for covered in COVERAGE.values())


def test_every_cell_has_an_alert_or_a_reason_and_none_has_both() -> None:
    told = {cell for covered in COVERAGE.values() for cell in covered.cells}
    reasons = uncovered.reasons()
    assert len(told) + len(reasons) == len(COMPONENTS) * len(MODES)
    assert all(reasons.values())
    assert not uncovered.unused()


def test_every_alert_was_drilled_or_says_why_not() -> None:
    """Before anything was measured, those that must be are all that have no reason."""
    undrilled = {name for name, covered in COVERAGE.items() if not covered.undrilled}
    measured = detection_times(TIMES).keys()
    assert not measured or undrilled <= measured


def test_the_document_leads_from_every_cell_to_runbooks_and_tests_that_exist() -> None:
    links = set(re.findall(r"\]\(([^)]+)\)", DOCUMENT))
    assert {f"runbooks/{name}.md" for name in COVERAGE} <= links
    assert all((ROOT / "docs" / link).is_file() for link in links)
    for component in COMPONENTS:
        section = DOCUMENT.split(f"\n## {component}\n")[1].split("\n## ")[0]
        modes = [line.split("|")[1].strip() for line in section.splitlines()[3:] if line]
        assert list(dict.fromkeys(modes)) == list(MODES)


def test_a_measured_time_stands_where_there_is_one_and_says_that_it_was_accelerated() -> None:
    measured = {"fault": "kill chroma", "runs": 5, "p50_seconds": 41.6, "max_seconds": 58.2, "accelerated": False}
    text = coverage_document((EXAMPLE,), {"ServiceDown": measured, "NodeDown": {**measured, "accelerated": True}})
    assert "42 s, at most 58 s (kill chroma, 5 runs) |" in text
    assert "42 s, at most 58 s (kill chroma, 5 runs, accelerated) |" in text


def test_a_drill_that_was_never_run_has_measured_nothing(tmp_path: Path) -> None:
    assert detection_times(tmp_path / "detection-times.json") == {}


@pytest.mark.parametrize("name", sorted(COVERAGE))
def test_a_runbook_says_something_in_each_of_its_sections(name: str) -> None:
    text = (ROOT / "docs" / "runbooks" / f"{name}.md").read_text()
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    headings = ["Meaning", "Impact", "First three commands", "Likely causes", "Silence"]
    assert [section.split("\n")[0] for section in sections] == headings
    assert all(len(section.split("\n", 1)[1].strip()) > 20 for section in sections)
    assert f"alertname={name} " in sections[-1]

"""docs/gpu.md says nothing that is not so: its tables are held against the product, its pages and its tests."""

import re
from pathlib import Path

import pytest

from alerts import rules
from ragpulse.catalogue import BY_NAME
from ragpulse.xid import XIDS
from tests.fakes.rule_tests import rule_list, small_cluster

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "gpu.md").read_text()
SCENARIOS = ("spark_busy", "h100x8_mig", "rtx_4090")  # in the order of the columns
HAS, HAS_NOT = {"reported", "simulated"}, {"no", "unknown"}


def table(heading: str) -> list[list[str]]:
    """The cells of the only table below a heading, without its first two lines."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


MACHINES = table("What each machine can say")
FEATURES = table("Beside other exporters")
COSTS = table('<a name="yours"></a>What it costs, and how to send us yours')


@pytest.mark.parametrize("column", range(len(SCENARIOS)), ids=SCENARIOS)
def test_a_machine_says_what_the_table_says_and_nothing_of_what_it_does_not_have(column: int) -> None:
    page = (ROOT / "tests" / "golden" / f"gpu__{SCENARIOS[column]}.prom").read_text()
    for what, metric, *cells in MACHINES:
        word = re.match(r"\w+", cells[column])
        assert word is not None
        assert word[0] in HAS | HAS_NOT
        says = re.search(rf"^{metric.strip('`')}\{{", page, re.MULTILINE) is not None
        assert says == (word[0] in HAS), f"{what} of {SCENARIOS[column]}"


def test_the_metrics_of_the_machines_exist_and_nothing_is_called_measured() -> None:
    for row in MACHINES:
        assert row[1].strip("`") in BY_NAME
        assert row[-1] == "", "a measured figure needs its conditions"
    assert {cell for row in COSTS for cell in row[2:]} == {""}
    assert "**Nothing here was measured on hardware yet.**" in TEXT


def test_every_source_that_is_named_stands_below_the_table() -> None:
    section = TEXT.split("\n## What each machine can say\n")[1].split("\n## ")[0]
    named = {number for row in MACHINES for number in re.findall(r"\[(\d+)\]", " ".join(row))}
    assert named == set(re.findall(r"\b(\d+): ", section.split("|\n\n")[-1]))


def test_the_table_of_xid_errors_is_that_of_the_product() -> None:
    assert table("XID errors") == [[str(xid.code), xid.severity, xid.meaning, xid.action] for xid in XIDS]


def test_every_alert_about_gpus_stands_in_the_table_with_its_severities() -> None:
    told = {
        re.findall(r"\w+", name)[0]: set(severity.split("; "))
        for name, _, severity in table("What somebody is told of")
    }
    files = [component for component in rules.COMPONENTS if component.startswith("gpu") or component == "node_memory"]
    found: dict[str, set[str]] = {}
    for rule in (rule for component in files for rule in rule_list(small_cluster(), component) if "alert" in rule):
        found.setdefault(rule["alert"], set()).add(rule["labels"]["severity"])
    assert told == found
    assert f"{len(found)} with tests and runbooks" in TEXT


def test_every_feature_that_is_ours_names_a_test_that_exists() -> None:
    for row in FEATURES:
        ours, proof = row[4:]
        if not proof:
            assert set(ours.split("; ")) <= {"no", "any Python", "never run there"}, row[0]
            continue
        file, test = proof.strip("`").split("::")
        assert f"\ndef {test}(" in (ROOT / "tests" / f"{file}.py").read_text(), row[0]


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / "docs" / target).exists(), target

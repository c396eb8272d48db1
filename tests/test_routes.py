"""docs/routes.md is true of both generations of Alertmanager, for each alert that is shipped."""

import subprocess
from pathlib import Path

import pytest

from alerts.routes import routes, routes_document
from ragpulse import cluster_file, yaml_file
from ragpulse.commands.generate import files, write
from ragpulse.inventory import Cluster
from tests.fakes.binaries import binary, each_generation

EXAMPLE = Path(__file__).parent.parent / "cluster.example.yaml"
# At night too: amtool says who is meant, whatever the time.
WITH_ALL = "  heartbeat: {url: 'http://127.0.0.1:1/'}\n  quiet_hours: {between: 22:00-07:00}\n"
CLUSTERS = {
    "the example": EXAMPLE.read_text(),
    "heartbeat and quiet hours": f"{EXAMPLE.read_text()}{WITH_ALL}",
}


def cluster(text: str) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "c"), "c")


@each_generation
@pytest.mark.parametrize("text", CLUSTERS.values(), ids=CLUSTERS)
def test_every_alert_that_is_shipped_goes_where_it_is_said_to(text: str, generation: int, tmp_path: Path) -> None:
    of = cluster(text)
    write(files(of), tmp_path)
    file = tmp_path / "alertmanager" / "alertmanager.yml"
    wrong = [
        said
        for rule, receiver in routes(of)
        if (said := objection(file, generation, rule.name, rule.severity, receiver))
    ]
    assert wrong == []


@each_generation
def test_what_has_no_severity_of_ours_is_better_heard_than_lost(generation: int, tmp_path: Path) -> None:
    write(files(cluster(EXAMPLE.read_text())), tmp_path)
    file = tmp_path / "alertmanager" / "alertmanager.yml"
    assert objection(file, generation, "OperatorsOwn", "critical", "page") == ""
    assert "OperatorsOwn" in objection(file, generation, "OperatorsOwn", "critical", "ticket"), "amtool does object"


def objection(file: Path, generation: int, name: str, severity: str, receiver: str) -> str:
    labels = [f"alertname={name}", f"severity={severity}", "component=chroma", "cluster=tron"]
    arguments = ["config", "routes", "test", f"--config.file={file}", f"--verify.receivers={receiver}", *labels]
    done = subprocess.run(
        [binary("amtool", generation), *arguments], capture_output=True, text=True, check=False, timeout=30
    )
    return f"{name} ({severity}): {done.stdout}{done.stderr}" if done.returncode else ""


def test_the_table_has_pages_tickets_and_what_nobody_hears() -> None:
    rows = [line.split(" | ") for line in routes_document(cluster(EXAMPLE.read_text())).splitlines() if " | " in line][
        1:
    ]
    assert ["| ServiceDown", "page", "page |"] in rows
    assert ["| Watchdog", "info", "nobody |"] in rows
    assert {row[2] for row in rows} == {"page |", "ticket |", "nobody |"}

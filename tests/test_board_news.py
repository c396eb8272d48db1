"""A service, a target, a node or a backup is new in the cluster file: boards and page have it, with no other edit.

On a board it stands where a query gives a row of it, by the rules that the same file makes.
"""

import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import get_args

import pytest

from ragpulse.inventory import Cluster
from ragpulse.overview.page import Pages
from ragpulse.services import AnyService
from tests.fakes.board_json import Json, cluster, drawn, filled_in, panels
from tests.fakes.overview_of import overview_of
from tests.fakes.prometheus_api import Answering
from tests.fakes.simulated import Past, given

FILE = """\
cluster: tron
nodes: {a: {address: 127.0.0.1}, b: {address: 127.0.0.2}%s}
services:
  old: {kind: chroma, nodes: [a], url: 'http://127.0.0.1:1'}
%s
backups: {%s}
targets: {throughput: %s}
"""
URL = "url: 'http://127.0.0.1:2'"
SERVICES = {
    "vllm": f"  newcomer: {{kind: vllm, nodes: [a], {URL}}}",
    "ray": "  newcomer: {kind: ray, nodes: [a]}",
    "chroma": f"  newcomer: {{kind: chroma, nodes: [a], {URL}, query: {{collection: c}}}}",
    "memory": f"  newcomer: {{kind: memory, nodes: [a], {URL}}}",
    "http": f"  newcomer: {{kind: http, nodes: [a], {URL}}}",
    "rag": f"  v: {{kind: vllm, nodes: [a], {URL}}}\n  newcomer: {{kind: rag, nodes: [a], depends_on: [old, v]}}",
    "swarm": "  newcomer: {kind: swarm, nodes: [a]}",
}
HAVE_TARGETS = {"vllm", "chroma", "memory", "http", "rag"}
AT = 30.0


def read(*, node: str = "", service: str = "", backup: str = "", throughput: str = "~") -> Cluster:
    return cluster(FILE % (node, service, backup, throughput))


def past(of: Cluster) -> Past:
    """All agents are there, and tell nothing yet but that they are."""
    series = {f'up{{job="ragpulse-agent",node="{node}",cluster="tron"}}': "1x5" for node in of.nodes}
    series |= {f'ragpulse_build_info{{node="{node}",cluster="tron"}}': "1x5" for node in of.nodes}
    return Past(of, series)


def boards_that_name(of: Cluster, name: str, folder: Path) -> set[tuple[str, str]]:
    """Board and panel, where a row or a tile is of it."""
    asked = [(board, panel["title"], target["expr"]) for board, panel, target in _targets(of)]
    found = given(past(of), [filled_in(each, node=".*") for _, _, each in asked], AT, 0, folder)
    return {
        (board, title)
        for (board, title, _), rows in zip(asked, found, strict=True)
        if any(name in dict(row.labels).values() for row in rows)
    }


def _targets(of: Cluster) -> Iterator[tuple[str, Json, Json]]:
    for board, text in drawn(of).items():
        for panel in panels(text):
            for target in panel["targets"]:
                yield board, panel, target


def choices(of: Cluster, variable: str, folder: Path) -> set[str]:
    """What the variable of a board lists."""
    (asked,) = {
        str(each["query"]["query"])
        for board in drawn(of).values()
        for each in board["templating"]["list"]
        if each["name"] == variable
    }
    selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", asked).groups()  # type: ignore[union-attr]
    (rows,) = given(past(of), [filled_in(selector)], AT, 0, folder)
    return {dict(row.labels)[label] for row in rows}


def page(of: Cluster) -> str:
    return Pages(note="", zone=UTC).overview(overview_of(Answering(), of=of), refreshing=True)


def test_every_kind_of_service_is_tried() -> None:
    kinds = {get_args(each.model_fields["kind"].annotation)[0] for each in get_args(get_args(AnyService)[0])}
    assert kinds == set(SERVICES)


@pytest.mark.parametrize("kind", SERVICES)
def test_a_new_service_is_on_the_boards_and_on_the_page(kind: str, tmp_path: Path) -> None:
    of = read(service=SERVICES[kind])
    shown = boards_that_name(of, "newcomer", tmp_path)
    assert ("overview", "Components over time") in shown
    assert {title for board, title in shown if board == "overview"} & {"Inference", "Retrieval and others"}
    assert (("overview", "Objectives") in shown) == (kind in HAVE_TARGETS)
    assert (("objectives", "Objectives") in shown) == (kind in HAVE_TARGETS)
    html = page(of)
    assert 'id="component-newcomer"' in html
    assert ('href="#component-newcomer">newcomer</a>' in html) == (kind in HAVE_TARGETS)


def test_before_it_came_it_was_nowhere(tmp_path: Path) -> None:
    of = read()
    assert not boards_that_name(of, "newcomer", tmp_path)
    assert "newcomer" not in page(of)


def test_a_new_target_is_a_tile_a_row_and_a_choice(tmp_path: Path) -> None:
    without, with_it = (
        read(service=SERVICES["vllm"], throughput=each) for each in ("~", "{at_least: 1000 tokens/s, objective: 0.95}")
    )
    for number, (of, there) in enumerate(((without, False), (with_it, True))):
        folders = [tmp_path / f"{number}{each}" for each in "ab"]
        for folder in folders:
            folder.mkdir()
        tiles = {panel["title"] for panel in panels(drawn(of)["overview"]) if panel["type"] == "stat"}
        assert ("Throughput" in tiles) == there
        assert ("throughput" in choices(of, "slo", folders[0])) == there
        assert (("overview", "Objectives") in boards_that_name(of, "throughput", folders[1])) == there
        assert ('id="target-throughput"' in page(of)) == there


def test_a_new_node_is_a_tile_and_a_choice(tmp_path: Path) -> None:
    of = read(node=", newcomer: {address: 127.0.0.3}")
    (tmp_path / "boards").mkdir()
    (tmp_path / "choices").mkdir()
    assert ("overview", "Nodes") in boards_that_name(of, "newcomer", tmp_path / "boards")
    assert choices(of, "node", tmp_path / "choices") == {"a", "b", "newcomer"}
    assert 'id="component-newcomer"' in page(of)


def test_a_new_backup_is_a_tile(tmp_path: Path) -> None:
    of = read(backup="newcomer: {kind: borg, node: a, covers: old, state_file: /s.json}")
    shown = boards_that_name(of, "newcomer", tmp_path)
    assert {("overview", "Backups"), ("overview", "Components over time")} <= shown
    assert 'id="component-newcomer"' in page(of)

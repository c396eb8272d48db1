"""The Overview board keeps to the rules for all boards."""

import json
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest

from dashboards.render import boards, provisioning
from ragpulse import cluster_file, yaml_file
from ragpulse.catalogue import BY_NAME
from ragpulse.objectives import objectives

EXAMPLE = cluster_file.load(Path(__file__).parent.parent / "cluster.example.yaml")
BOARD: dict[str, Any] = json.loads(boards(EXAMPLE)["overview.json"])
TOP: list[dict[str, Any]] = BOARD["panels"]
FOLDED = [row["panels"] for row in TOP if row["type"] == "row" and row["collapsed"]]
PANELS = [panel for panel in [*TOP, *(panel for inside in FOLDED for panel in inside)] if panel["type"] != "row"]
each_panel = pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])


def expressions(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


def filled_in(expression: str) -> str:
    return expression.replace("$__rate_interval", "1m").replace("$cluster", "tron").replace("$node", "sark")


def strings(value: object) -> set[str]:
    if isinstance(value, dict):
        return {text for inner in value.values() for text in strings(inner)}
    if isinstance(value, list):
        return {text for inner in value for text in strings(inner)}
    return {value} if isinstance(value, str) else set()


def test_it_has_a_fixed_name_and_one_question() -> None:
    assert (BOARD["uid"], BOARD["title"]) == ("ragpulse-overview", "ragpulse / Overview")
    assert BOARD["description"].startswith("Are we inside our targets")
    assert BOARD["schemaVersion"] == 39
    assert "null" not in strings(BOARD)


def test_panels_have_their_own_ids_and_do_not_overlap() -> None:
    ids = [panel["id"] for panel in [*TOP, *(panel for inside in FOLDED for panel in inside)]]
    assert len(set(ids)) == len(ids)
    for together in (TOP, *FOLDED):
        _do_not_overlap(together)
    assert len([panel for panel in TOP if panel["type"] != "row"]) <= 25


def _do_not_overlap(panels: list[dict[str, Any]]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells, panel["title"]
        taken |= cells


def test_what_is_folded_stands_below_its_title_and_takes_no_room_while_it_is_shut() -> None:
    of_gpus, of_vllm = [row for row in TOP if row["type"] == "row" and row["collapsed"]]
    for shut, rows in ((of_gpus, 2), (of_vllm, 3)):
        below = shut["gridPos"]["y"] + 1
        assert [panel["gridPos"]["y"] for panel in shut["panels"]] == [
            below + 8 * row for row in range(rows) for _ in "abc"
        ]
    after = TOP[TOP.index(of_gpus) + 1]
    assert (after["title"], after["gridPos"]["y"]) == ("vLLM", of_gpus["gridPos"]["y"] + 1)
    assert all(not row["panels"] for row in TOP if row["type"] == "row" and row not in (of_gpus, of_vllm))


@each_panel
def test_a_panel_explains_itself(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].count(".") >= 2, "what it is, and what to do"
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]


@each_panel
def test_a_panel_asks_the_data_source_that_the_reader_chose(panel: dict[str, Any]) -> None:
    for place in (panel, *panel["targets"]):
        assert place["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@each_panel
def test_every_expression_is_promql_over_what_exists(panel: dict[str, Any]) -> None:
    for expression in expressions(panel):
        promql_parser.parse(filled_in(expression))
        for name in re.findall(r"\bragpulse_[a-z0-9_]+", expression):
            assert name in BY_NAME or BY_NAME[name.removesuffix("_bucket")].kind == "histogram"
        for window in re.findall(r"\[([^\]]+)\]", expression):
            assert window == "$__rate_interval"


@each_panel
def test_what_judges_is_asked_for_now_and_is_grey_without_an_answer(panel: dict[str, Any]) -> None:
    if panel["type"] != "stat":
        return
    assert all(target["instant"] for target in panel["targets"])
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0] == {"color": "#8e8e8e", "value": None}
    assert panel["fieldConfig"]["defaults"]["noValue"] in {"Not judgeable", "Unknown"}


def test_the_first_row_judges_each_kind_of_target_once() -> None:
    first = [panel["title"] for panel in PANELS if panel["gridPos"]["y"] == 0]
    assert len(first) <= 8
    assert len(first) == len({objective.slo for objective in objectives(EXAMPLE)}) + 1


def test_the_variables_that_are_used_are_those_that_are_defined() -> None:
    defined = {variable["name"] for variable in BOARD["templating"]["list"]}
    text = json.dumps(BOARD).replace("$__rate_interval", "").replace("$__all", "")
    assert set(re.findall(r"\$\{?([a-z_]+)", text)) == defined == {"datasource", "cluster", "node"}


def test_a_cluster_without_vllm_has_no_panels_of_it() -> None:
    text = "cluster: c\nnodes: {a: {address: 127.0.0.1}}\n"
    bare = json.loads(boards(cluster_file.parse(yaml_file.parse(text, "c"), "c"))["overview.json"])
    titles = [panel["title"] for panel in bare["panels"]]
    assert "vLLM" not in titles
    assert titles[0] == "Pages firing"


def test_gpus_have_their_panels_unless_none_is_to_be_read() -> None:
    text = "cluster: c\nnodes: {a: {address: 127.0.0.1, gpu: %s}}\ntargets: {gpu_utilization: ~}\n"
    read, disabled = (
        [
            panel["title"]
            for panel in json.loads(boards(cluster_file.parse(yaml_file.parse(text % gpu, "c"), "c"))["overview.json"])[
                "panels"
            ]
        ]
        for gpu in ("auto", "disabled")
    )
    assert "GPU busy" in read
    assert "Time in the band" not in read
    assert not [title for title in disabled if "GPU" in title]


def test_the_band_of_the_target_is_drawn_and_its_shares_are_stacked() -> None:
    busy, band = (
        next(panel for panel in PANELS if panel["title"] == title) for title in ("GPU busy", "Time in the band")
    )
    assert expressions(busy)[1:] == ["vector(0.8)", "vector(0.9)"]
    assert band["fieldConfig"]["defaults"]["custom"]["stacking"] == {"mode": "normal", "group": "A"}


def test_grafana_is_told_the_scrape_interval_and_where_the_boards_lie() -> None:
    files = provisioning(EXAMPLE)
    assert "timeInterval: 10s" in files["datasources/ragpulse.yml"]
    assert "url: http://192.168.68.69:9090" in files["datasources/ragpulse.yml"]
    assert "path: ${RAGPULSE_DASHBOARDS}" in files["dashboards/ragpulse.yml"]

"""What each kind of panel is in Grafana's JSON, where a board could be wrong without looking wrong."""

from typing import Any

import pytest

from dashboards import grafana
from dashboards.links import Down, cell, label
from dashboards.normalise import normalise
from dashboards.panel import Board, Folded, Panel, Row, Step
from dashboards.panels import (
    BAD,
    GOOD,
    UNKNOWN,
    WARNING,
    Column,
    Key,
    Limits,
    Line,
    bars,
    heatmap,
    judged,
    not_offered,
    table,
    timeline,
    trend,
)
from ragpulse.catalogue import vllm
from tests.fakes.board_json import Json, cluster

CLUSTER = cluster(
    "cluster: c\nnodes: {a: {address: 127.0.0.1}, a-2: {address: 127.0.0.2}}\n"
    "services: {s: {kind: http, nodes: [a], url: 'http://127.0.0.1:8000'}}\n"
)
TABLE = table(
    "T",
    "What. Do.",
    [Key("node", "Node", Down("node", choose={"node": cell("Node")}))],
    [
        Column("up"),
        Column("up", "Busy", "percentunit", Limits(0.8, 0.9), decimals=1),
        Column("up", "State", words={1: ("Up", GOOD)}),
    ],
    by="Busy",
    descending=True,
)


def made(*panels: Panel) -> Json:
    rows: list[Row | Folded] = [Row(panels, 4)]
    return normalise(grafana.written(CLUSTER, Board(name="node", title="N", question="Q?", rows=lambda _: rows)))


def one(panel: Panel) -> Json:
    (found,) = made(panel)["panels"]
    result: Json = found
    return result


def properties(panel: Json, title: str) -> dict[str, Any]:
    (found,) = [each for each in panel["fieldConfig"]["overrides"] if each["matcher"]["options"] == title]
    return {each["id"]: each["value"] for each in found["properties"]}


@pytest.mark.parametrize(
    ("limits", "lowest", "steps"),
    [
        pytest.param(Limits(0.8, 0.9), 0, [(GOOD, 0), (WARNING, 0.8), (BAD, 0.9)], id="much is bad"),
        pytest.param(Limits(0.25, 0), -9, [(BAD, -9), (WARNING, 0), (GOOD, 0.25)], id="little is bad"),
        pytest.param(Limits(1, 1), 0, [(GOOD, 0), (BAD, 1)], id="bad at once"),
    ],
)
def test_a_value_is_grey_when_it_is_missing_and_judged_from_its_lowest_on(
    limits: Limits, lowest: float, steps: list[tuple[str, float]]
) -> None:
    assert limits.steps(lowest) == [Step(UNKNOWN), *(Step(colour, value) for colour, value in steps)]


def test_limits_are_lines_across_a_graph() -> None:
    panel = one(trend("T", "d", [Line("up", "x")], "s", limits=Limits(0.9, 0.8)))
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["custom"]["thresholdsStyle"] == {"mode": "dashed"}
    assert defaults["thresholds"]["steps"] == [
        {"color": "transparent", "value": None},
        {"color": BAD, "value": 0.8},
        {"color": WARNING, "value": 0.9},
    ]


def test_a_quantile_and_a_target_have_their_own_looks_by_query() -> None:
    panel = one(trend("T", "d", [Line("a", "x", quantile=0.95), Line("b", "y", target=True)], "s"))
    of_quantile, of_target = panel["fieldConfig"]["overrides"]
    assert of_quantile["matcher"] == {"id": "byFrameRefID", "options": "A"}
    assert of_quantile["properties"] == [{"id": "color", "value": {"mode": "fixed", "fixedColor": "blue"}}]
    assert of_target["matcher"]["options"] == "B"
    assert of_target["properties"][0]["value"]["fill"] == "dash"


def test_lines_of_nodes_have_the_colours_of_the_nodes() -> None:
    of_nodes = one(trend("T", "d", [Line("up", "{{node}} x")], "s"))["fieldConfig"]["overrides"]
    assert [override["matcher"]["options"] for override in of_nodes] == ["/^a( |$)/", r"/^a\-2( |$)/"]
    assert not one(trend("T", "d", [Line("up", "{{service}} x")], "s"))["fieldConfig"]["overrides"]


def test_a_line_that_is_a_service_has_the_colour_of_the_service() -> None:
    of_services = one(trend("T", "d", [Line("up", "{{service}}")], "s"))["fieldConfig"]["overrides"]
    assert [override["matcher"] for override in of_services] == [{"id": "byName", "options": "s"}]


def test_lines_of_one_query_can_have_a_colour_each() -> None:
    panel = one(trend("T", "d", [Line("a", "x", colour="purple"), Line("b", "{{band}}", colours={"in": "blue"})], "s"))
    of_query, of_band = panel["fieldConfig"]["overrides"]
    assert of_query["matcher"] == {"id": "byFrameRefID", "options": "A"}
    assert of_band["matcher"] == {"id": "byName", "options": "in"}


def test_the_axis_of_what_is_nearly_always_0_ends_where_it_is_told() -> None:
    assert (
        one(trend("T", "d", [Line("up", "x")], "s", soft_top=2))["fieldConfig"]["defaults"]["custom"]["axisSoftMax"]
        == 2
    )
    assert "axisSoftMax" not in one(trend("T", "d", [Line("up", "x")], "s"))["fieldConfig"]["defaults"]["custom"]


def test_a_tile_of_a_value_has_its_unit_and_says_what_no_value_means() -> None:
    panel = one(judged("T", "d", "up", "s", Limits(1, 2), Down("overview"), without_data="No traffic"))
    defaults = panel["fieldConfig"]["defaults"]
    assert (defaults["unit"], defaults["noValue"], defaults["min"]) == ("s", "No traffic", 0)


def test_a_click_keeps_what_was_chosen_and_chooses_what_was_clicked() -> None:
    down = Down("node", "CPU busy", {"node": label("node")})
    panel = one(trend("T", "d", [Line("up", "x")], "s", down))
    (link,) = panel["fieldConfig"]["defaults"]["links"]
    path, query = link["url"].split("?")
    assert path == "/d/ragpulse-node"
    assert query.split("&")[:4] == [
        "${datasource:queryparam}",
        "${cluster:queryparam}",
        "var-node=${__field.labels.node}",
        "${__url_time_range}",
    ]
    assert link["title"] == "Node: CPU busy"


def test_a_table_shows_its_labels_and_its_named_columns_and_nothing_else() -> None:
    panel = one(TABLE)
    merge, only, order = panel["transformations"]
    assert merge["id"] == "merge"
    assert only["options"] == {"include": {"names": ["node", "Value #B", "Value #C"]}}
    assert order["options"]["renameByName"] == {"node": "Node", "Value #B": "Busy", "Value #C": "State"}
    assert all(target["instant"] and target["format"] == "table" for target in panel["targets"])
    assert panel["options"]["sortBy"] == [{"displayName": "Busy", "desc": True}]


def test_a_single_query_has_no_letter_in_the_name_of_its_value() -> None:
    panel = one(table("T", "d", [Key("node", "Node")], [Column("up", "Up")]))
    assert [step["id"] for step in panel["transformations"]] == ["filterFieldsByName", "organize"]
    assert panel["transformations"][0]["options"]["include"]["names"] == ["node", "Value"]


def test_a_cell_is_judged_by_limits_or_words_and_leads_on() -> None:
    panel = one(TABLE)
    busy, state = properties(panel, "Busy"), properties(panel, "State")
    assert busy["unit"] == "percentunit"
    assert [step["value"] for step in busy["thresholds"]["steps"]] == [None, 0, 0.8, 0.9]
    assert busy["custom.cellOptions"] == {"type": "color-background", "mode": "basic"}
    assert state["mappings"][0]["options"]["1"]["text"] == "Up"
    (link,) = properties(panel, "Node")["links"]
    assert 'var-node=${__data.fields["Node"]}' in link["url"]


def test_a_cell_without_a_value_is_a_dash_and_no_reason_for_an_empty_table() -> None:
    panel = one(TABLE)
    assert panel["fieldConfig"]["defaults"]["noValue"] == "None"
    assert {properties(panel, title)["noValue"] for title in ("Busy", "State")} == {"–"}


def test_a_value_has_as_many_decimals_as_it_is_told() -> None:
    panel = one(TABLE)
    assert properties(panel, "Busy")["decimals"] == 1
    assert "decimals" not in properties(panel, "State")
    assert one(judged("T", "d", "up", "s", Limits(1, 2), decimals=1))["fieldConfig"]["defaults"]["decimals"] == 1


def test_bars_ask_of_now_and_a_heatmap_of_buckets() -> None:
    bar = one(bars("T", "d", [Line("up", "x")], "percentunit", Limits(0.8, 0.9), top=1))
    assert bar["targets"][0]["instant"]
    assert (bar["fieldConfig"]["defaults"]["max"], bar["options"]["displayMode"]) == (1, "basic")
    heat = one(heatmap("T", "d", "up", "s"))
    assert heat["targets"][0]["format"] == "heatmap"
    assert heat["options"]["yAxis"]["unit"] == "s"
    assert heat["options"]["calculate"] is False


def test_a_timeline_colours_by_words_alone() -> None:
    panel = one(timeline("T", "d", Line("up", "x"), {0: ("Down", BAD)}))
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"] == [{"color": UNKNOWN, "value": None}]
    assert panel["options"]["legend"]["showLegend"] is True


def test_what_is_not_offered_is_named_and_draws_no_point() -> None:
    line = not_offered(vllm.PREEMPTIONS)
    assert line.expression == (
        'max by (service) (ragpulse_vllm_metric_offered{cluster=~"$cluster",metric="ragpulse_vllm_preemptions_total"}'
        " == 0) * NaN"
    )
    assert line.legend.endswith("not offered by this version")

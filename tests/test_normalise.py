"""Each trap in grafanalib's output, and that it is gone."""

from typing import Any

import pytest
from grafanalib import core

from dashboards import grafana
from dashboards.links import Down
from dashboards.normalise import SCHEMA_VERSION, normalise
from dashboards.panel import Board, Folded, Row
from dashboards.panels import Column, Key, Limits, Line, bars, heatmap, table, timeline, trend, verdict
from tests.fakes.board_json import cluster

CLUSTER = cluster("cluster: c\nnodes: {a: {address: 127.0.0.1}}\n")
Json = dict[str, Any]
LINE = Line("up", "x")


def raw() -> Json:
    made = [
        verdict("V", "d", "up", Down("overview")),
        trend("T", "d", [LINE], "s"),
        timeline("S", "d", LINE, {}),
        bars("B", "d", [LINE], "s", Limits(1, 2)),
        table("C", "d", [Key("node", "Node")], [Column("up", "Up", limits=Limits(1, 2))]),
        heatmap("H", "d", "up", "s"),
    ]
    rows: list[Row | Folded] = [Row(made, 4, "Row")]
    return grafana.written(CLUSTER, Board(name="node", title="t", question="q", rows=lambda _: rows))


def panel(of: Json, kind: str) -> Json:
    found: Json = next(entry for entry in of["panels"] if entry["type"] == kind)
    return found


def strings(value: object) -> set[str]:
    if isinstance(value, dict):
        return {text for inner in value.values() for text in strings(inner)}
    if isinstance(value, list):
        return {text for inner in value for text in strings(inner)}
    return {value} if isinstance(value, str) else set()


def nulls(value: object, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return {found for key, inner in value.items() for found in nulls(inner, f"{path}.{key}")}
    if isinstance(value, list):
        return {found for inner in value for found in nulls(inner, f"{path}[]")}
    return {path} if value is None else set()


def test_grafanalib_still_has_the_traps() -> None:
    """When this fails, a new grafanalib has mended something: the step against it can go."""
    made = raw()
    assert "null" in strings(made)
    assert panel(made, "stat")["maxDataPoints"] == 100
    assert "fieldOptions" in panel(made, "bargauge")["options"]
    assert "columns" in panel(made, "table")
    assert panel(made, "table")["fieldConfig"]["defaults"]["custom"]["displayMode"] == "auto"
    assert "cards" in panel(made, "heatmap")
    assert made["schemaVersion"] == 12
    assert core.Target(expr="up").to_json_data()["intervalFactor"] == 2


def test_the_base_of_the_thresholds_is_null_and_not_the_word() -> None:
    made = normalise(raw())
    assert "null" not in strings(made)
    steps = panel(made, "stat")["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["value"] for step in steps] == [None, 0.0, 1.0, 2.0]
    assert all(set(step) == {"color", "value"} for step in steps)


def test_nothing_else_is_null() -> None:
    fields = ".panels[].fieldConfig"
    assert nulls(normalise(raw())) == {
        f"{fields}.defaults.thresholds.steps[].value",
        f"{fields}.overrides[].properties[].value.steps[].value",
    }


def test_nothing_makes_a_graph_coarse() -> None:
    made = normalise(raw())
    for entry in made["panels"]:
        assert "maxDataPoints" not in entry
        for target in entry.get("targets", []):
            assert not {"intervalFactor", "step", "interval"} & set(target)
            assert target["range"] is not target["instant"]


def test_the_board_is_of_a_version_that_grafana_takes_as_it_is() -> None:
    made = normalise(raw())
    assert made["schemaVersion"] == SCHEMA_VERSION == 39
    assert made["editable"] is False
    assert not {"rows", "sharedCrosshair", "style", "hideControls", "gnetId", "__inputs"} & set(made)


DEFAULTS = ("fieldConfig", "defaults")
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
NOT_STACKED = {"mode": "none", "group": "A"}


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        pytest.param("stat", (*DEFAULTS, "color"), {"mode": "thresholds"}, id="a stat's colour judges"),
        pytest.param("timeseries", ("options", "legend", "showLegend"), True, id="a graph shows its legend"),
        pytest.param("state-timeline", ("options", "tooltip", "sort"), "none", id="so does a timeline, and it sorts"),
        pytest.param("table", (*DEFAULTS, "custom", "cellOptions"), {"type": "auto"}, id="a table has cells"),
        pytest.param("bargauge", ("options", "reduceOptions", "calcs"), ["lastNotNull"], id="a bar reduces"),
        pytest.param("heatmap", ("options", "calculate"), False, id="a heatmap takes the buckets as they are"),
        pytest.param("table", ("pluginVersion",), "10.4.0", id="nothing is migrated from before version 6"),
        pytest.param("timeseries", (*DEFAULTS, "custom", "stacking"), NOT_STACKED, id="lines are not stacked"),
        pytest.param("timeseries", ("datasource",), DATASOURCE, id="the data source is a variable"),
    ],
)
def test_a_panel_has_what_grafanalib_leaves_out(kind: str, path: tuple[str, ...], value: object) -> None:
    found: Any = panel(normalise(raw()), kind)
    for key in path:
        found = found[key]
    assert found == value


def test_a_heading_holds_nothing_of_a_panel() -> None:
    assert set(panel(normalise(raw()), "row")) == {"collapsed", "gridPos", "id", "panels", "title", "type"}


@pytest.mark.parametrize("kind", ["stat", "timeseries", "state-timeline", "bargauge", "table", "heatmap"])
def test_a_panel_holds_what_grafana_reads_and_nothing_older(kind: str) -> None:
    made = panel(normalise(raw()), kind)
    assert set(made) == {
        "datasource", "description", "fieldConfig", "gridPos", "id", "links", "options", "pluginVersion", "targets",
        "title", "transformations", "transparent", "type",
    }  # fmt: skip
    assert not {"fieldOptions", "showThresholdLabels", "showThresholdMarkers"} & set(made["options"])
    assert "displayMode" not in made["fieldConfig"]["defaults"].get("custom", {})


def test_a_mark_asks_the_data_source_that_the_reader_chose() -> None:
    marks = normalise(raw())["annotations"]["list"]
    assert marks
    assert all(mark["datasource"] == DATASOURCE for mark in marks)


def test_variables_begin_with_what_the_data_source_has() -> None:
    variables = {entry["name"]: entry for entry in normalise(raw())["templating"]["list"]}
    assert variables["cluster"]["current"] == {}
    assert variables["node"]["current"] == {"text": ["All"], "value": ["$__all"]}
    assert not {"auto", "useTags", "tagsQuery"} & set(variables["node"])

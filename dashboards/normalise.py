"""From what grafanalib 0.7.1 writes to what Grafana 10.4 and newer should read; each step names the trap it removes.

Plain dictionaries in, plain dictionaries out; knows nothing of our panels.
"""

from typing import Any

Json = dict[str, Any]

# Accepted as it is by Grafana 10.4, 11 and 13; the 12 of grafanalib goes through every migration since 2016.
SCHEMA_VERSION = 39
# A panel without a version is taken for one of before version 6, and Grafana migrates what needs none.
PANEL_VERSION = "10.4.0"

# Fields of old Grafana versions, which newer ones ignore or migrate by guesses.
_OLD_BOARD_FIELDS = ("__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style", "timepicker")
_OLD_PANEL_FIELDS = ("cacheTimeout", "editable", "error", "height", "hideTimeOverride", "minSpan", "span")
_OLD_VARIABLE_FIELDS = ("auto", "auto_count", "auto_min", "tagValuesQuery", "tagsQuery", "useTags")
# What the panels of before version 7 kept beside their options: with `columns` a table becomes the old table.
_OLD_FIELDS_OF = {
    "table": ("color", "columns", "fontSize", "mappings"),
    "heatmap": (
        "cards", "color", "dataFormat", "heatmap", "hideZeroBuckets", "highlightCards", "legend", "reverseYBuckets",
        "tooltip", "xAxis", "xBucketNumber", "xBucketSize", "yAxis", "yBucketBound", "yBucketNumber", "yBucketSize",
    ),
}  # fmt: skip
_OLD_BAR_OPTIONS = ("fieldOptions", "showThresholdLabels", "showThresholdMarkers")
# `maxDataPoints` 100, `intervalFactor` 2 and `step` 10 make steps of half an hour in a day: peaks vanish.
_COARSENING_PANEL_FIELDS = ("maxDataPoints",)
_COARSENING_TARGET_FIELDS = ("interval", "intervalFactor", "step")
_OLD_TARGET_FIELDS = ("metric", "query", "target")
_ROW_FIELDS = ("collapsed", "gridPos", "id", "panels", "title", "type")


def normalise(board: Json) -> Json:
    plain: Json = _without_nulls(board)
    _drop(plain, _OLD_BOARD_FIELDS)
    return plain | {
        "schemaVersion": SCHEMA_VERSION,
        "editable": False,
        "graphTooltip": 1,
        "version": 1,
        "panels": [_panel(panel) for panel in plain["panels"]],
        "annotations": {"list": [_annotation(mark) for mark in plain["annotations"]["list"]]},
        "templating": {"list": [_variable(variable) for variable in plain["templating"]["list"]]},
    }


def _without_nulls(value: Any) -> Any:
    """A null where Grafana has a default is not that default: `color: null` breaks a panel."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value


def _panel(panel: Json) -> Json:
    if panel["type"] == "row":
        return {key: panel[key] for key in _ROW_FIELDS} | {"panels": [_panel(inside) for inside in panel["panels"]]}
    _drop(panel, _OLD_PANEL_FIELDS + _COARSENING_PANEL_FIELDS + _OLD_FIELDS_OF.get(panel["type"], ()))
    panel["datasource"] = _datasource(panel["datasource"])
    panel["targets"] = [_target(target, panel["datasource"]) for target in panel["targets"]]
    panel["pluginVersion"] = PANEL_VERSION
    fields = panel["fieldConfig"]
    _thresholds(fields["defaults"]["thresholds"])
    for override in fields["overrides"]:
        for each in override["properties"]:
            if each["id"] == "thresholds":
                _thresholds(each["value"])
    match panel["type"]:
        case "timeseries":
            custom = fields["defaults"]["custom"]
            custom["scaleDistribution"] = {"type": custom["scaleDistribution"]["type"]}
        case "table":
            _drop(fields["defaults"]["custom"], ("displayMode",))
        case "bargauge":
            _drop(panel["options"], _OLD_BAR_OPTIONS)
    return panel


def _target(target: Json, datasource: Json) -> Json:
    _drop(target, _OLD_TARGET_FIELDS + _COARSENING_TARGET_FIELDS)
    instant = target["instant"]
    return target | {"datasource": datasource, "editorMode": "code", "instant": instant, "range": not instant}


def _thresholds(thresholds: Json) -> None:
    """The base step says the text "null"; with it Grafana never leaves the base colour. It must be null itself."""
    base, *others = thresholds["steps"]
    steps = [{"color": step["color"], "value": step["value"]} for step in others]
    thresholds["steps"] = [{"color": base["color"], "value": None}, *steps]


def _annotation(mark: Json) -> Json:
    return mark | {"datasource": _datasource(mark["datasource"])}


def _variable(variable: Json) -> Json:
    _drop(variable, _OLD_VARIABLE_FIELDS)
    # What is current comes from the data source when the board is opened; all nodes at first.
    variable["current"] = {"text": ["All"], "value": ["$__all"]} if variable["includeAll"] else {}
    if variable["type"] == "query":
        variable["datasource"] = _datasource(variable["datasource"])
        variable["query"] = {"query": variable["query"], "refId": variable["name"]}
    return variable


def _datasource(reference: str) -> Json:
    """By variable: a board with a fixed uid is empty everywhere but where it was made."""
    return {"type": "prometheus", "uid": reference}


def _drop(value: Json, fields: tuple[str, ...]) -> None:
    for field in fields:
        value.pop(field, None)

"""The panels and the frame that our boards are made of: the only file that knows grafanalib.

Every panel has a title, a description, a unit and instant queries where it judges: a dead source then shows as
unknown instead of as its last good value. Colours judge only; lines are coloured by Grafana.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafanalib import core
from grafanalib._gen import DashboardEncoder

from ragpulse import endpoints
from ragpulse.catalogue.agent import BUILD_INFO
from ragpulse.generated import headline
from ragpulse.inventory import Cluster

_WIDTH = 24
_DATASOURCE = "${datasource}"
_STACKED_FILL = 40  # percent
UNKNOWN, BAD, WARNING, GOOD = "#8e8e8e", "red", "orange", "green"

Words = Mapping[int, tuple[str, str]]  # value → what it means, and the colour of that


@dataclass(frozen=True, slots=True)
class Line:
    """One query of a graph. `target`: drawn as the line to reach."""

    expression: str
    legend: str
    target: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side, sharing the width; a title makes it foldable."""

    panels: Sequence[core.Panel]
    height: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Folded:
    """Rows under one title, shut until somebody opens them: until then they take no room and ask nothing."""

    title: str
    rows: Sequence[Row]


def verdict(title: str, description: str, expression: str) -> core.Panel:
    """0 missed, 1 met; without data grey, never green."""
    words = {0: ("Missed", BAD), 1: ("Met", GOOD)}
    return _stat(title, description, core.Target(expr=expression, refId="A", instant=True), words, "Not judgeable")


def component_states(title: str, description: str, expression: str) -> core.Panel:
    """One tile per component."""
    words = {0: ("Unknown", UNKNOWN), 1: ("Down", BAD), 2: ("Degraded", WARNING), 3: ("Up", GOOD)}
    target = core.Target(expr=expression, refId="A", instant=True, legendFormat="{{component}} ({{kind}})")
    return _stat(title, description, target, words, "Unknown")


def count_of_bad(title: str, description: str, expression: str) -> core.Panel:
    """A number that should be 0."""
    panel = _stat(title, description, core.Target(expr=expression, refId="A", instant=True), {}, "Unknown")
    panel.thresholds = [_step(0, UNKNOWN), _step(1, GOOD, 0.0), _step(2, BAD, 1.0)]
    return panel


def timeline(title: str, description: str, line: Line, words: Words) -> core.Panel:
    """A bar over time for each series, coloured by what its value means."""
    return core.StateTimeline(
        title=title,
        description=description,
        dataSource=_DATASOURCE,
        targets=[core.Target(expr=line.expression, refId="A", legendFormat=line.legend)],
        mappings=_mappings(words),
        # grafanalib has no place for these, and a value without a word must not look good.
        extraJson={
            "fieldConfig": {
                "defaults": {"unit": "none", "thresholds": {"mode": "absolute", "steps": [_base()]}},
            }
        },
    )


def trend(
    title: str,
    description: str,
    lines: Iterable[Line],
    unit: str,
    *,
    top: int | None = None,
    stacked: bool = False,
) -> core.Panel:
    """A graph from 0; `unit` is Grafana's id of it. stacked: lines that are parts of a whole."""
    lines = list(lines)
    names = [chr(ord("A") + index) for index in range(len(lines))]
    return core.TimeSeries(
        title=title,
        description=description,
        dataSource=_DATASOURCE,
        targets=[
            core.Target(expr=line.expression, refId=name, legendFormat=line.legend)
            for line, name in zip(lines, names, strict=True)
        ],
        unit=unit,
        valueMin=0,
        valueMax=top,
        showPoints="never",
        tooltipMode="multi",
        fillOpacity=_STACKED_FILL if stacked else 0,
        stacking={"mode": "normal", "group": "A"} if stacked else {},
        overrides=[_dashed(name) for line, name in zip(lines, names, strict=True) if line.target],
    )


def board(cluster: Cluster, uid: str, title: str, question: str, rows: Iterable[Row | Folded]) -> dict[str, Any]:
    """The output of grafanalib itself: `normalise` makes it what Grafana should read."""
    dashboard = core.Dashboard(
        uid=uid,
        title=title,
        description=" ".join(filter(None, (question, cluster.note, f"({headline(cluster)})"))),
        tags=["ragpulse"],
        timezone="browser",
        refresh="30s",
        time=core.Time("now-6h", "now"),
        templating=core.Templating(list=_variables()),
        links=[core.DashboardLink(title="Overview page", uri=endpoints.overview(cluster), type="link", keepTime=False)],
        panels=list(_placed(rows)),
    )
    plain: dict[str, Any] = json.loads(DashboardEncoder().encode(dashboard.auto_panel_ids()))
    return plain


def _stat(title: str, description: str, target: core.Target, words: Words, without_data: str) -> core.Panel:
    return core.Stat(
        title=title,
        description=description,
        dataSource=_DATASOURCE,
        targets=[target],
        format="none",
        colorMode="background",
        graphMode="none",
        reduceCalc="lastNotNull",
        noValue=without_data,
        # The base colour is also that of no data.
        thresholds=[
            _step(0, UNKNOWN),
            *(_step(index, colour, float(value)) for index, (value, (_, colour)) in enumerate(words.items(), start=1)),
        ],
        mappings=_mappings(words),
    )


def _mappings(words: Words) -> list[dict[str, Any]]:
    options = {str(value): {"text": word, "color": colour, "index": value} for value, (word, colour) in words.items()}
    return [{"type": "value", "options": options}] if options else []


def _base() -> dict[str, Any]:
    return {"color": UNKNOWN, "value": "null"}


def _step(index: int, colour: str, value: float = 0.0) -> core.Threshold:
    """Step 0 is the base: it has no value."""
    return core.Threshold(colour, index, value)


def _dashed(query: str) -> dict[str, Any]:
    return {
        "matcher": {"id": "byFrameRefID", "options": query},
        "properties": [
            {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}},
            {"id": "color", "value": {"mode": "fixed", "fixedColor": "blue"}},
        ],
    }


def _placed(rows: Iterable[Row | Folded], y: int = 0) -> Iterator[core.Panel]:
    for row in rows:
        if row.title:
            inside = list(_placed(row.rows, y + 1)) if isinstance(row, Folded) else []
            place = core.GridPos(h=1, w=_WIDTH, x=0, y=y)
            yield core.RowPanel(title=row.title, gridPos=place, collapsed=bool(inside), panels=inside)
            y += 1
        if isinstance(row, Folded):
            continue
        width = _WIDTH // len(row.panels)
        for index, panel in enumerate(row.panels):
            panel.gridPos = core.GridPos(h=row.height, w=width, x=index * width, y=y)
            yield panel
        y += row.height


def _variables() -> list[core.Template]:
    build = BUILD_INFO.name
    shared = {"dataSource": _DATASOURCE, "refresh": 2}
    return [
        core.Template(name="datasource", label="Data source", type="datasource", query="prometheus"),
        core.Template(name="cluster", label="Cluster", query=f"label_values({build}, cluster)", **shared),
        core.Template(
            name="node",
            label="Node",
            query=f'label_values({build}{{cluster=~"$cluster"}}, node)',
            multi=True,
            includeAll=True,
            **shared,
        ),
    ]

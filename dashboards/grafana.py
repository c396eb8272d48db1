"""The only file that knows grafanalib: our boards and panels as what it writes, before `normalise`."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from grafanalib import core
from grafanalib._gen import DashboardEncoder

from dashboards import frame
from dashboards.links import SHARED_VARIABLES, Down, panel_id, uid
from dashboards.panel import Board, Folded, Panel, Row, Step
from dashboards.panels import colours
from dashboards.panels.trends import ref_id
from ragpulse import endpoints
from ragpulse.generated import headline
from ragpulse.inventory import Cluster

_WIDTH = 24
_DATASOURCE = f"${{{SHARED_VARIABLES[0]}}}"
_CLASSES = {
    "stat": core.Stat,
    "bargauge": core.BarGauge,
    "timeseries": core.TimeSeries,
    "state-timeline": core.StateTimeline,
    "table": core.Table,
    "heatmap": core.Heatmap,
}


def written(cluster: Cluster, board: Board) -> dict[str, Any]:
    """The output of grafanalib itself: `normalise` makes it what Grafana should read."""
    dashboard = core.Dashboard(
        uid=uid(board.name),
        title=f"ragpulse / {board.title}",
        description=" ".join(filter(None, (board.question, cluster.note, f"({headline(cluster)})"))),
        tags=[frame.TAG],
        timezone="browser",
        refresh="30s",
        time=core.Time("now-6h", "now"),
        templating=core.Templating(list=list(_variables(board))),
        annotations=core.Annotations(list=[_annotation(mark) for mark in frame.annotations(cluster)]),
        links=list(_links(cluster, board)),
        panels=list(_placed(board.rows(cluster), cluster)),
    )
    plain: dict[str, Any] = json.loads(DashboardEncoder().encode(dashboard))
    return plain


def _variables(board: Board) -> Iterator[core.Template]:
    yield core.Template(name=SHARED_VARIABLES[0], label="Data source", type="datasource", query="prometheus")
    for variable in frame.variables(board):
        many = {"multi": True, "includeAll": True, "allValue": ".*"} if variable.many else {}
        query = f"label_values({variable.selector}, {variable.label})"
        yield core.Template(
            name=variable.name, label=variable.title, query=query, dataSource=_DATASOURCE, refresh=2, **many
        )


def _links(cluster: Cluster, board: Board) -> Iterator[core.DashboardLink]:
    yield core.DashboardLink(
        title="Boards", type="dashboards", tags=[frame.TAG], asDropdown=True, includeVars=True, keepTime=True
    )
    if board.name != "overview":
        back = Down("overview").plain_url
        yield core.DashboardLink(
            title="Back to Overview", uri=back, type="link", icon="dashboard", includeVars=True, keepTime=True
        )
    yield core.DashboardLink(title="Overview page", uri=endpoints.overview(cluster), type="link", keepTime=False)


def _annotation(mark: frame.Mark) -> dict[str, Any]:
    return {
        "name": mark.name,
        "datasource": _DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": mark.colour,
        "expr": mark.expression,
        "titleFormat": mark.title,
        "textFormat": mark.text,
        "tagKeys": "",
        "step": "",
    }


def _placed(rows: Iterable[Row | Folded], cluster: Cluster, y: int = 0) -> Iterator[core.Panel]:
    for row in rows:
        if row.title:
            inside = list(_placed(row.rows, cluster, y + 1)) if isinstance(row, Folded) else []
            place = core.GridPos(h=1, w=_WIDTH, x=0, y=y)
            yield core.RowPanel(
                title=row.title, id=panel_id(f"row {row.title}"), gridPos=place, collapsed=bool(inside), panels=inside
            )
            y += 1
        if isinstance(row, Folded):
            continue
        edges = [_WIDTH * index // len(row.panels) for index in range(len(row.panels) + 1)]
        for panel, left, right in zip(row.panels, edges, edges[1:], strict=False):
            yield _panel(panel, core.GridPos(h=row.height, w=right - left, x=left, y=y), cluster)
        y += row.height


def _panel(panel: Panel, place: core.GridPos, cluster: Cluster) -> core.Panel:
    defaults: dict[str, Any] = {
        **panel.defaults,
        "unit": panel.unit,
        "min": panel.lowest,
        "max": panel.highest,
        "mappings": list(panel.mappings),
        "links": [_down(down) for down in panel.down],
        "noValue": panel.without_data or None,
        "thresholds": {"mode": "absolute", "steps": [_step(i, step) for i, step in enumerate(panel.steps)]},
    }
    return _CLASSES[panel.kind](
        title=panel.title,
        description=panel.description,
        id=panel_id(panel.title),
        dataSource=_DATASOURCE,
        gridPos=place,
        targets=[
            core.Target(
                expr=query.expression,
                legendFormat=query.legend,
                refId=ref_id(index),
                instant=query.instant,
                format=query.format,
            )
            for index, query in enumerate(panel.queries)
        ],
        transformations=list(panel.transformations),
        # grafanalib knows too little of these; what it writes of them is replaced.
        extraJson={
            "fieldConfig": {
                "defaults": defaults,
                "overrides": [*_colours(panel, cluster), *panel.overrides],
            },
            "options": dict(panel.options),
        },
    )


def _colours(panel: Panel, cluster: Cluster) -> Iterator[dict[str, Any]]:
    if panel.kind == "timeseries":
        legends = {query.legend for query in panel.queries}
        if any(legend.startswith(("{{node}}", "{{ray_node}}")) for legend in legends):
            yield from colours.of_nodes(cluster)
        if "{{service}}" in legends:
            yield from colours.of_services(cluster)


def _down(down: Down) -> dict[str, Any]:
    return {"title": down.title, "url": down.url, "targetBlank": False}


def _step(index: int, step: Step) -> core.Threshold:
    return core.Threshold(step.colour, index, float(step.value or 0))

"""Graphs over time; a target or limit is a line across them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboards.links import Down
from dashboards.panel import Panel, Query, Step
from dashboards.panels.colours import QUANTILES, TARGET, fixed, named
from dashboards.panels.limits import Limits

_STACKED_FILL = 40  # percent


@dataclass(frozen=True, slots=True)
class Line:
    """One query of a graph. `target`: drawn as the line to reach. `quantile`: it has the colour of that quantile.
    `colour`: where there is only one line of it. `colours`: of its lines, by legend.
    """

    expression: str
    legend: str
    target: bool = False
    quantile: float | None = None
    colour: str = ""
    colours: Mapping[str, str] = field(default_factory=dict)


def trend(
    title: str,
    description: str,
    lines: Iterable[Line],
    unit: str,
    *down: Down,
    lowest: float = 0,
    top: float | None = None,
    soft_top: float | None = None,
    stacked: bool = False,
    limits: Limits | None = None,
    without_data: str = "",
) -> Panel:
    """`unit` is Grafana's id of it. lowest, top: ends of the axis, beyond which nothing is drawn. soft_top: how far it
    goes at least: of nothing but 0 Grafana draws an axis up to 100. stacked: lines that are parts of a whole. limits:
    drawn across.
    """
    lines = list(lines)
    return Panel(
        kind="timeseries",
        title=title,
        description=description,
        queries=[Query(line.expression, line.legend) for line in lines],
        unit=unit,
        lowest=lowest,
        highest=top,
        steps=limits.lines() if limits else [Step("transparent")],
        down=down,
        without_data=without_data,
        overrides=[override for index, line in enumerate(lines) for override in _looks(ref_id(index), line)],
        defaults={
            "color": {"mode": "palette-classic-by-name"},
            "custom": {
                "drawStyle": "line",
                "fillOpacity": _STACKED_FILL if stacked else 0,
                "lineWidth": 1,
                "showPoints": "never",
                "spanNulls": False,
                "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
                "thresholdsStyle": {"mode": "dashed" if limits else "off"},
                **({} if soft_top is None else {"axisSoftMax": soft_top}),
            },
        },
        options={
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    )


def ref_id(index: int) -> str:
    return chr(ord("A") + index)


def _looks(query: str, line: Line) -> Iterable[dict[str, Any]]:
    matcher = {"id": "byFrameRefID", "options": query}
    if line.target:
        dashes = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}}
        yield {"matcher": matcher, "properties": [dashes, fixed(TARGET)]}
    if colour := line.colour or (QUANTILES[line.quantile] if line.quantile is not None else ""):
        yield {"matcher": matcher, "properties": [fixed(colour)]}
    for legend, colour in line.colours.items():
        yield named(legend, colour)

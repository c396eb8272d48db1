"""Bars of now, one for each series: how full is it, how much is left?"""

from dashboards.links import Down
from dashboards.panel import Panel, Query, Step
from dashboards.panels.colours import NEUTRAL
from dashboards.panels.limits import Limits
from dashboards.panels.trends import Line


def bars(
    title: str,
    description: str,
    lines: list[Line],
    unit: str,
    limits: Limits | None,
    *down: Down,
    top: float | None = None,
    without_data: str = "Unknown",
) -> Panel:
    """`top`: where a bar is full; without it the longest bar is. Without limits nothing is judged."""
    return Panel(
        kind="bargauge",
        title=title,
        description=description,
        queries=[Query(line.expression, line.legend, instant=True) for line in lines],
        unit=unit,
        highest=top,
        steps=limits.steps(0) if limits else [Step(NEUTRAL)],
        down=down,
        without_data=without_data,
        defaults={"color": {"mode": "thresholds"}},
        options={
            "displayMode": "basic",
            "orientation": "horizontal",
            "namePlacement": "auto",
            "showUnfilled": True,
            "sizing": "auto",
            "valueMode": "color",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
    )

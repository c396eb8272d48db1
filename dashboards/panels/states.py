"""States as words: one tile for each component, or a bar over time for each series."""

from collections.abc import Iterable

from dashboards.links import Down
from dashboards.panel import Panel, Query, Step
from dashboards.panels import words as of
from dashboards.panels.colours import BAD, GOOD, UNKNOWN, WARNING
from dashboards.panels.trends import Line
from dashboards.panels.verdicts import tile
from dashboards.panels.words import Words

COMPONENT: Words = {0: ("Unknown", UNKNOWN), 1: ("Down", BAD), 2: ("Degraded", WARNING), 3: ("Up", GOOD)}


def component_states(title: str, description: str, expression: str, *down: Down) -> Panel:
    """One tile for each component."""
    query = Query(expression, "{{component}}", instant=True)
    return tile(
        title, description, query, steps=of.steps(COMPONENT), down=down, without_data="Unknown",
        mappings=of.mappings(COMPONENT), text="value_and_name",
    )  # fmt: skip


def timeline(
    title: str, description: str, lines: Line | Iterable[Line], words: Words, *down: Down, without_data: str = ""
) -> Panel:
    """Coloured by what the value means; a gap is time of which nothing is known."""
    lines = [lines] if isinstance(lines, Line) else lines
    return Panel(
        kind="state-timeline",
        title=title,
        description=description,
        queries=[Query(line.expression, line.legend) for line in lines],
        unit="none",
        steps=[Step(UNKNOWN)],
        mappings=of.mappings(words),
        down=down,
        without_data=without_data,
        defaults={"color": {"mode": "thresholds"}, "custom": {"fillOpacity": 80, "lineWidth": 0}},
        options={
            "alignValue": "left",
            "mergeValues": True,
            "rowHeight": 0.9,
            "showValue": "auto",
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "single", "sort": "none"},
        },
    )

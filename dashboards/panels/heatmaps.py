"""How events spread over the buckets of a histogram, over time. Neutral: it shows and does not judge."""

from dashboards.links import Down
from dashboards.panel import Panel, Query, Step
from dashboards.panels.colours import UNKNOWN


def heatmap(
    title: str, description: str, expression: str, unit: str, *down: Down, without_data: str = "No traffic"
) -> Panel:
    """`expression`: events per second by `le`."""
    return Panel(
        kind="heatmap",
        title=title,
        description=description,
        queries=[Query(expression, "{{le}}", format="heatmap")],
        unit=unit,
        steps=[Step(UNKNOWN)],
        down=down,
        without_data=without_data,
        defaults={"custom": {"hideFrom": {"legend": False, "tooltip": False, "viz": False}}},
        options={
            "calculate": False,
            "cellGap": 1,
            "color": {
                "mode": "scheme", "scheme": "Blues", "fill": "blue", "scale": "exponential", "exponent": 0.5,
                "steps": 64, "reverse": False,
            },
            "exemplars": {"color": "rgba(255,0,255,0.7)"},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "showValue": "never",
            "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": False},
            "yAxis": {"axisPlacement": "left", "reverse": False, "unit": unit},
        },
    )  # fmt: skip

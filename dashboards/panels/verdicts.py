"""Tiles that judge. All ask of now: a dead source is then unknown, instead of as its last good value. Without data
they are grey, and a click leads to the cause.
"""

from collections.abc import Sequence
from typing import Any

from dashboards.links import Down
from dashboards.panel import Panel, Query, Step
from dashboards.panels import words as of
from dashboards.panels.colours import BAD, GOOD, NEUTRAL, UNKNOWN
from dashboards.panels.limits import Limits

_VERDICT = {0: ("Missed", BAD), 1: ("Met", GOOD), 2: ("No traffic", NEUTRAL)}


def verdict(title: str, description: str, expression: str, *down: Down) -> Panel:
    """0 missed, 1 met, 2 nothing to judge; without data grey, never green."""
    query = Query(expression, instant=True)
    return tile(
        title, description, query, steps=of.steps(_VERDICT), down=down, without_data="Unknown",
        mappings=of.mappings(_VERDICT),
    )  # fmt: skip


def count_of_bad(title: str, description: str, expression: str, *down: Down) -> Panel:
    """A number that should be 0."""
    steps = [Step(UNKNOWN), Step(GOOD, 0), Step(BAD, 1)]
    query = Query(expression, instant=True)
    return tile(title, description, query, steps=steps, down=down, without_data="Unknown")


def judged(
    title: str,
    description: str,
    expression: str,
    unit: str,
    limits: Limits,
    *down: Down,
    lowest: float = 0,
    decimals: int | None = None,
    without_data: str = "Unknown",
) -> Panel:
    """A number with its unit. without_data: what the absence of a value means here, like `No traffic`."""
    query = Query(expression, instant=True)
    return tile(
        title, description, query, steps=limits.steps(lowest), down=down, without_data=without_data,
        unit=unit, lowest=lowest, decimals=decimals,
    )  # fmt: skip


def tile(
    title: str,
    description: str,
    query: Query,
    *,
    steps: Sequence[Step],
    down: Sequence[Down],
    without_data: str,
    unit: str = "none",
    lowest: float = 0,
    decimals: int | None = None,
    mappings: Sequence[dict[str, Any]] = (),
    text: str = "auto",
) -> Panel:
    """text: `auto` leaves out the name of what stands alone."""
    return Panel(
        kind="stat",
        title=title,
        description=description,
        queries=[query],
        unit=unit,
        lowest=lowest,
        steps=steps,
        down=down,
        without_data=without_data,
        mappings=mappings,
        defaults={"color": {"mode": "thresholds"}} | ({} if decimals is None else {"decimals": decimals}),
        options={
            "colorMode": "background",
            "graphMode": "none",
            "textMode": text,
            "justifyMode": "auto",
            "orientation": "auto",
            "wideLayout": True,
            "showPercentChange": False,
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
    )

"""The kinds of panels, one file each. Each has a title, two sentences, a unit and a minimum; colours judge only."""

from dashboards.panels.bars import bars
from dashboards.panels.colours import BAD, GOOD, UNKNOWN, WARNING
from dashboards.panels.heatmaps import heatmap
from dashboards.panels.limits import Limits
from dashboards.panels.offered import not_offered
from dashboards.panels.states import COMPONENT, component_states, timeline
from dashboards.panels.tables import Column, Key, table
from dashboards.panels.trends import Line, trend
from dashboards.panels.verdicts import count_of_bad, judged, verdict
from dashboards.panels.words import Words

__all__ = [
    "BAD",
    "COMPONENT",
    "GOOD",
    "UNKNOWN",
    "WARNING",
    "Column",
    "Key",
    "Limits",
    "Line",
    "Words",
    "bars",
    "component_states",
    "count_of_bad",
    "heatmap",
    "judged",
    "not_offered",
    "table",
    "timeline",
    "trend",
    "verdict",
]

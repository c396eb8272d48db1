"""What boards are made of, as plain values; `grafana.py` has them written by grafanalib."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dashboards.links import BoardName, Down
from ragpulse.inventory import Cluster

Kind = Literal["stat", "bargauge", "timeseries", "state-timeline", "table", "heatmap"]
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """`instant`: of now, so that what has died has no value; else over the time that is shown."""

    expression: str
    legend: str = ""
    instant: bool = False
    format: Literal["time_series", "table", "heatmap"] = "time_series"


@dataclass(frozen=True, slots=True)
class Step:
    """From `value` on a colour; the first step has none: it is also the colour of no data."""

    colour: str
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """unit: Grafana's id of it. lowest, highest: of its axis. defaults, options: what else its kind of panel takes."""

    kind: Kind
    title: str
    description: str
    queries: Sequence[Query]
    unit: str
    steps: Sequence[Step]
    lowest: float = 0
    highest: float | None = None
    down: Sequence[Down] = ()
    without_data: str = ""
    mappings: Sequence[Json] = ()
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()
    defaults: Json
    options: Json


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side, sharing the width; a title makes it foldable."""

    panels: Sequence[Panel]
    height: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Folded:
    """Rows under one title, shut until somebody opens them: until then they take no room and ask nothing."""

    title: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Variable:
    """What a reader chooses: one, several or all values that `label` has among the series of `selector`."""

    name: str
    title: str
    selector: str
    label: str
    many: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One board answers one question; its first row judges. one_node: it is about a single machine."""

    name: BoardName
    title: str
    question: str
    rows: Callable[[Cluster], Iterable[Row | Folded]]
    variables: Sequence[Variable] = ()
    one_node: bool = False

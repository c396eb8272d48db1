"""Tables of now: a row for each set of labels, a column for each query; every query must be `by` the same labels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboards.links import Away, Down
from dashboards.panel import Panel, Query, Step
from dashboards.panels import words as of
from dashboards.panels.colours import UNKNOWN
from dashboards.panels.limits import Limits
from dashboards.panels.trends import ref_id
from dashboards.panels.words import Words

# In a cell of a row that has other values. What `table` is told says why there is no row at all.
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Key:
    """A label as a column. A click on its cells leads down, with what the row says chosen (`links.cell`)."""

    label: str
    title: str
    down: Down | Away | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A query as a column; without a title it only says which rows there are. lowest: from where limits judge."""

    expression: str
    title: str = ""
    unit: str = "none"
    limits: Limits | None = None
    lowest: float = 0
    words: Words = field(default_factory=dict)
    decimals: int | None = None  # without them Grafana shows 99.99 % as 100.0 %, and 0.004 % as 0.00400 %
    down: Down | Away | None = None


def table(
    title: str,
    description: str,
    keys: Sequence[Key],
    columns: Sequence[Column],
    *,
    by: str = "",
    descending: bool = False,
    without_data: str = "None",
) -> Panel:
    """by: title of the column by whose values the rows stand in order (default: the first)."""
    names = [f"Value #{ref_id(index)}" for index in range(len(columns))] if len(columns) > 1 else ["Value"]
    shown = {key.label: key.title for key in keys} | {
        name: column.title for name, column in zip(names, columns, strict=True) if column.title
    }
    return Panel(
        kind="table",
        title=title,
        description=description,
        queries=[Query(column.expression, instant=True, format="table") for column in columns],
        unit="none",
        steps=[Step(UNKNOWN)],
        without_data=without_data,
        overrides=list(_overrides(keys, columns)),
        transformations=[
            *([{"id": "merge", "options": {}}] if len(columns) > 1 else []),
            {"id": "filterFieldsByName", "options": {"include": {"names": list(shown)}}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {},
                    "indexByName": {name: index for index, name in enumerate(shown)},
                    "renameByName": shown,
                },
            },
        ],
        defaults={
            "color": {"mode": "thresholds"},
            "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False, "inspect": False},
        },
        options={
            "cellHeight": "sm",
            "showHeader": True,
            "sortBy": [{"displayName": by or keys[0].title, "desc": descending}],
        },
    )


def _overrides(keys: Sequence[Key], columns: Sequence[Column]) -> Iterator[dict[str, Any]]:
    for key in keys:
        if key.down:
            yield _override(key.title, [_links(key.down)])
    for column in columns:
        if column.title:
            yield _override(column.title, list(_properties(column)))


def _override(title: str, properties: list[dict[str, Any]]) -> dict[str, Any]:
    return {"matcher": {"id": "byName", "options": title}, "properties": properties}


def _properties(column: Column) -> Iterator[dict[str, Any]]:
    yield {"id": "unit", "value": column.unit}
    yield {"id": "noValue", "value": _NOTHING}
    if column.decimals is not None:
        yield {"id": "decimals", "value": column.decimals}
    steps = column.limits.steps(column.lowest) if column.limits else of.steps(column.words) if column.words else []
    if steps:
        yield {
            "id": "thresholds",
            "value": {"mode": "absolute", "steps": [{"color": step.colour, "value": step.value} for step in steps]},
        }
        yield {"id": "custom.cellOptions", "value": {"type": "color-background", "mode": "basic"}}
    if column.words:
        yield {"id": "mappings", "value": of.mappings(column.words)}
    if column.down:
        yield _links(column.down)


def _links(down: Down | Away) -> dict[str, Any]:
    return {"id": "links", "value": [{"title": down.title, "url": down.url, "targetBlank": False}]}

"""An explanation for a terminal: each condition with what it comes to now, those that keep the alert silent marked."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ragpulse.explain.weighed import Weighed
from ragpulse.overview.prometheus_api import Series

_MOST = 3  # values of one condition
_INDENT = "  "
_ALWAYS = {"__name__", "cluster", "instance", "job"}


def conditions(found: Weighed) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("")
    table.add_column("condition", overflow="fold")
    table.add_column("now", overflow="fold")
    for depth, one in _walked(found, 0):
        table.add_row(
            Text("yes", "green") if one.true else Text("no", "yellow" if one.helps else "red"),
            f"{_INDENT * depth}{one.how + ' ' if one.how else ''}{one.clause.text if not one.parts else '('}",
            "" if one.parts else now(one),
        )
    return table


def now(found: Weighed) -> str:
    """The value of the left side of a comparison, or of all of it."""
    values = [_value(one, found.clause.text) for one in found.now[:_MOST]]
    if len(found.now) > _MOST:
        values.append(f"and {len(found.now) - _MOST} more")
    return ", ".join(values) if values else "nothing"


def _value(one: Series, asked: str) -> str:
    """With the labels that the question leaves open."""
    labels = {
        name: text for name, text in one.labels.items() if name not in _ALWAYS and f'{name}="{text}"' not in asked
    }
    about = ", ".join(f"{name} {text}" for name, text in labels.items())
    number = f"{one.points[-1][1]:.6g}"
    return f"{number} ({about})" if about else number


def _walked(found: Weighed, depth: int) -> Iterator[tuple[int, Weighed]]:
    if found.parts and not found.how:
        for part in found.parts:
            yield from _walked(part, depth)
        return
    yield depth, found
    for part in found.parts:
        yield from _walked(part, depth + 1)

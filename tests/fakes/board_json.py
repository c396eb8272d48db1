"""A board as Grafana loads it, taken apart: its panels, expressions, links and variables."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from dashboards.render import boards
from ragpulse import cluster_file, yaml_file
from ragpulse.inventory import Cluster

Json = dict[str, Any]

EXAMPLE = cluster_file.load(Path(__file__).parents[2] / "cluster.example.yaml")
_VALUES = {"cluster": "tron", "node": "sark"}


def cluster(text: str) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "c"), "c")


def drawn(of: Cluster) -> dict[str, Json]:
    return {name.removesuffix(".json"): json.loads(text) for name, text in boards(of).items()}


@cache
def example() -> dict[str, Json]:
    return drawn(EXAMPLE)


def panels(board: Json) -> list[Json]:
    """Those in rows that are shut as well; no headings."""
    return [panel for panel in _with_headings(board) if panel["type"] != "row"]


def panel(board: Json, title: str) -> Json:
    (found,) = [each for each in panels(board) if each["title"] == title]
    return found


def ids(board: Json) -> list[int]:
    return [each["id"] for each in _with_headings(board)]


def _with_headings(board: Json) -> Iterator[Json]:
    for each in board["panels"]:
        yield each
        yield from each.get("panels", [])


def expressions(of: Json) -> list[str]:
    return [target["expr"] for target in of["targets"]]


def every_expression(board: Json) -> list[str]:
    marks = [mark["expr"] for mark in board["annotations"]["list"]]
    return [*marks, *(each for panel in panels(board) for each in expressions(panel))]


def filled_in(expression: str, **values: str) -> str:
    """With a value for each variable; one that is not named takes anything."""
    known = _VALUES | values
    text = expression.replace("$__rate_interval", "5m")
    return re.sub(r"\$\{?([a-z_]+)(?::\w+)?\}?", lambda found: known.get(found[1], ".*"), text)


def urls(of: object) -> Iterator[str]:
    """Of all data links inside."""
    if isinstance(of, dict):
        yield from [of["url"]] if isinstance(of.get("url"), str) else []
        for inner in of.values():
            yield from urls(inner)
    elif isinstance(of, list):
        for inner in of:
            yield from urls(inner)


def strings(of: object) -> Iterator[str]:
    if isinstance(of, dict):
        for inner in of.values():
            yield from strings(inner)
    elif isinstance(of, list):
        for inner in of:
            yield from strings(inner)
    elif isinstance(of, str):
        yield of

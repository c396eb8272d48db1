"""Prometheus's HTTP API as far as the page needs it: instant and range queries, alerting rules with their alerts.

https://prometheus.io/docs/prometheus/latest/querying/api/ (the same in 2.42 and 3.5). Values that are not finite are
left out: they say nothing. Errors: `Unavailable`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal

from pydantic import BaseModel, TypeAdapter

from ragpulse.overview import http_json
from ragpulse.overview.kept_connections import KeptConnections

Point = tuple[float, float]  # Unix seconds, value


@dataclass(frozen=True, slots=True)
class Series:
    """`points` are in order of time and finite; an instant query gives one."""

    labels: dict[str, str]
    points: tuple[Point, ...]


class ActiveAlert(BaseModel):
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    state: str
    activeAt: str | None = None  # noqa: N815 - as the API spells it
    value: str = ""


class Rule(BaseModel):
    name: str
    query: str
    health: str = ""
    lastError: str = ""  # noqa: N815 - as the API spells it
    alerts: list[ActiveAlert] = []


class _Group(BaseModel):
    rules: list[Rule]


class _Groups(BaseModel):
    groups: list[_Group]


class _Rules(BaseModel):
    status: Literal["success"]
    data: _Groups


class _Instant(BaseModel):
    metric: dict[str, str]
    value: Point


class _Range(BaseModel):
    metric: dict[str, str]
    values: list[Point]


class _Vector(BaseModel):
    resultType: Literal["vector"]  # noqa: N815 - as the API spells it
    result: list[_Instant]


class _Matrix(BaseModel):
    resultType: Literal["matrix"]  # noqa: N815 - as the API spells it
    result: list[_Range]


class _VectorAnswer(BaseModel):
    status: Literal["success"]
    data: _Vector


class _MatrixAnswer(BaseModel):
    status: Literal["success"]
    data: _Matrix


_VECTOR = TypeAdapter(_VectorAnswer)
_MATRIX = TypeAdapter(_MatrixAnswer)
_RULES = TypeAdapter(_Rules)


class PrometheusApi:
    def __init__(self, connections: KeptConnections, url: str) -> None:
        self._connections = connections
        self._url = url.rstrip("/")

    async def instant(self, expression: str) -> list[Series]:
        """Evaluated at Prometheus's own now: a clock of ours that is wrong must not turn old data into new."""
        answer = await http_json.get(self._connections, f"{self._url}/api/v1/query", _VECTOR, {"query": expression})
        return [Series(one.metric, _finite([one.value])) for one in answer.data.result if math.isfinite(one.value[1])]

    async def over(self, expression: str, start: float, end: float, step: float) -> list[Series]:
        span = {"query": expression, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        answer = await http_json.get(self._connections, f"{self._url}/api/v1/query_range", _MATRIX, span)
        return [Series(one.metric, _finite(one.values)) for one in answer.data.result]

    async def alerting_rules(self) -> list[Rule]:
        answer = await http_json.get(self._connections, f"{self._url}/api/v1/rules", _RULES, {"type": "alert"})
        return [rule for group in answer.data.groups for rule in group.rules]


def by_name(found: Iterable[Series]) -> dict[str, list[Series]]:
    """The answers to a question for several names; without those that nothing has."""
    named: dict[str, list[Series]] = {}
    for one in found:
        named.setdefault(one.labels.get("__name__", ""), []).append(one)
    return named


def _finite(points: list[Point]) -> tuple[Point, ...]:
    if math.isfinite(sum(map(itemgetter(1), points))):  # one value that is not makes the sum such, and hardly any is
        return tuple(points)
    return tuple(point for point in points if math.isfinite(point[1]))

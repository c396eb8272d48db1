"""What a rule is: something recorded, or something that somebody must act on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["page", "ticket", "info"]


@dataclass(frozen=True, slots=True)
class Record:
    """A recorded series; `labels` are put on it, besides `cluster`."""

    name: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that is wrong once it has held for `hold` seconds.

    component: what a person would call it: a service, a node or `monitoring`; may be a template of Prometheus's.
    summary: one line with the value. description: what it means, in plain words. labels: besides severity and
    component.
    """

    name: str
    expr: str
    hold: float
    severity: Severity
    component: str
    summary: str
    description: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated one after the other, so that each sees what those before it recorded.

    interval: seconds between two evaluations, where that is not the usual one. file: in which its rules are written,
    where its component has several: promtool evaluates a whole file for each of its tests.
    """

    name: str
    rules: tuple[Record | Alert, ...]
    interval: float | None = None
    file: str | None = None

"""Mutants of rules: of an expression, of how long an alert holds and lingers, and of whom it calls.

Rules of one name, severity and shape are written by one line of code, for each service, node, target or window: they
are one template, and changed as one, in each cluster in which they are tested; so are clauses that are alike.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser

from ragpulse.units import prometheus_duration
from tests.fakes.rule_cases import cluster_of, loaded, rules_of
from tests.mutation.expression import Place, mutations
from tests.mutation.printing import shape

_OTHER_SEVERITY = {"page": "ticket", "ticket": "page", "info": "page"}
_WINDOW = re.compile(r"(ragpulse:\w+:[a-z]+)\d+[smhd]\b")  # at the end of the name of what is recorded over it

Spot = tuple[Path, int]  # a cluster file, and the number of a rule in `rules_of` it


@dataclass(frozen=True, slots=True)
class Mutant:
    """changed: the rules that differ, as they are then."""

    component: str
    rule: str
    severity: str | None
    change: str
    changed: dict[Spot, dict[str, Any]]

    def __str__(self) -> str:
        return f"{self.rule}{f' ({self.severity})' if self.severity else ''}: {self.change}"


def mutants(spots: Iterable[Spot]) -> list[Mutant]:
    """Of the rules there. Those within a clause bear the name of the first rule that has it."""
    found: dict[tuple[Any, ...], Mutant] = {}
    for cluster, number in spots:
        rule = rules_of(cluster)[number]
        severity = rule.body["labels"].get("severity")
        name, of_shape = (_WINDOW.sub(r"\1", text) for text in (rule.name, _shape(rule.body["expr"])))
        for place, change, body in _of_rule(rule.body):
            clause = _WINDOW.sub(r"\1", place[0])
            key = (clause, *place[1:]) if clause else (name, severity, of_shape, *place)
            mutant = found.setdefault(key, Mutant(rule.component, name, severity, change, {}))
            mutant.changed.setdefault((cluster, number), body)
    return list(found.values())


def loaded_by(files: Iterable[str]) -> list[Spot]:
    """The rules that these files of tests load."""
    return list(dict.fromkeys((cluster_of(file), number) for file in files for number in loaded(file)))


def _of_rule(body: dict[str, Any]) -> Iterator[tuple[Place, str, dict[str, Any]]]:
    for place, change, expression in _of_expression(body["expr"]):
        yield place, change, body | {"expr": expression}
    if "alert" not in body:
        return
    for key in ("for", "keep_firing_for"):
        if key in body:
            yield ("", -1, f"{key} dropped"), f"{key}: {body[key]} dropped", {k: v for k, v in body.items() if k != key}
    if "for" in body:
        longer = prometheus_duration(2 * promql_parser.parse_duration(body["for"]).total_seconds())
        yield ("", -1, "for doubled"), f"for: {body['for']} → {longer}", body | {"for": longer}
    severity = _OTHER_SEVERITY[body["labels"]["severity"]]
    change = f"severity: {body['labels']['severity']} → {severity}"
    yield ("", -1, "severity"), change, body | {"labels": body["labels"] | {"severity": severity}}


@cache
def _of_expression(expression: str) -> tuple[tuple[Place, str, str], ...]:
    return tuple((each.place, each.change, each.expression) for each in mutations(expression))


@cache
def _shape(expression: str) -> str:
    return shape(promql_parser.parse(expression))

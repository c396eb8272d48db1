"""Tests that follow from those of `alerts/tests`, for every alert alike.

Where nothing is measured, nothing is wrong. Where an alert on a reading is told, it still is at the next look when
every reading is missing. Where an alert has a guard that looks at another alert, it is silent while that one fires,
though all else is as where it is told.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import promql_parser

from ragpulse.promql import reads_gauge
from tests.fakes.rule_cases import (
    ALERT_SERIES,
    FOLDER,
    SMALL_CLUSTER,
    Case,
    Rule,
    cases,
    condition,
    needed,
    rules_of,
    selectors,
)
from tests.fakes.series_values import cut, duration

# That nothing is there is what these are for.
_TOLD_OF_NOTHING = {"Watchdog", "TargetMissing"}

_Look = dict[str, Any]


@cache
def derived_cases() -> tuple[Case, ...]:
    return (_nothing_measured(), *(case for alert, at in _where_told().items() for case in _derived(alert, *at)))


def _nothing_measured() -> Case:
    rules = rules_of(SMALL_CLUSTER)
    alerts = {rule.name for rule in rules if "alert" in rule.body} - _TOLD_OF_NOTHING
    looks = [{"eval_time": "20m", "alertname": alert, "exp_alerts": []} for alert in sorted(alerts)]
    test = {"name": "where nothing is measured nothing is wrong", "interval": "1m", "alert_rule_test": looks}
    return Case("derived", SMALL_CLUSTER, "1m", test, tuple(range(len(rules))))


def _where_told() -> dict[str, tuple[Case, _Look]]:
    """The first moment of the first test in which an alert is told of one thing."""
    found: dict[str, tuple[Case, _Look]] = {}
    for path in sorted(FOLDER.glob("*.yml")):
        for case in cases(path.stem):
            for look in case.test.get("alert_rule_test") or ():
                own = any(rule.component == case.file for rule in _rules(case, look))
                if len(look["exp_alerts"]) == 1 and own:
                    found.setdefault(look["alertname"], (case, look))
    return found


def _derived(alert: str, case: Case, look: _Look) -> Iterator[Case]:
    rules = _rules(case, look)
    at, every = duration(look["eval_time"]), duration(case.test["interval"])
    if any(reads_gauge(condition(rule.body["expr"])) for rule in rules):
        series = [each | {"values": cut(each["values"], at // every + 1)} for each in case.test["input_series"]]
        later = promql_parser.display_duration(at + duration(case.every))
        name = f"{alert} is told for a moment longer when its readings are missing"
        yield _with(case, name, series, look | {"eval_time": later})
    labels = look["exp_alerts"][0]["exp_labels"]
    for cause in dict.fromkeys(cause for rule in rules for cause in _causes(rule.body["expr"], labels)):
        series = [*case.test["input_series"], {"series": cause, "values": f"1x{at // every + 1}"}]
        yield _with(case, f"{alert} is silent while this is told: {cause}", series, look | {"exp_alerts": []})


def _with(case: Case, name: str, series: list[dict[str, Any]], look: _Look) -> Case:
    test = {"name": name, "interval": case.test["interval"], "input_series": series, "alert_rule_test": [look]}
    loaded = {number: rules_of(case.cluster)[number] for number in case.needs}
    return replace(case, test=test, needs=tuple(sorted(needed(test, loaded))))


def _rules(case: Case, look: _Look) -> list[Rule]:
    """Those that may have told what is expected there."""
    labels = look["exp_alerts"][0]["exp_labels"] if look["exp_alerts"] else {}
    return [
        rule
        for rule in (rules_of(case.cluster)[number] for number in case.needs)
        if rule.body.get("alert") == look["alertname"]
        and all(labels.get(key) == value for key, value in rule.body["labels"].items() if "{{" not in value)
    ]


def _causes(expression: str, told: dict[str, str]) -> Iterator[str]:
    """The alerts that a guard looks at, each as a series that it sees, with the labels by which both are matched."""
    for guard in _guards(expression):
        on = {label: label for label in guard.modifier.matching.labels} if _matches_by_labels(guard) else {}
        if isinstance(guard.rhs, promql_parser.Call) and guard.rhs.func.name == "label_replace":
            on[guard.rhs.args[1].val] = guard.rhs.args[3].val
        for selector in selectors(guard.rhs):
            if selector.name in ALERT_SERIES:
                labels = {"alertname": "Another"} | {its: told[ours] for ours, its in on.items() if ours in told}
                labels |= {each.name: each.value.split("|")[0] for each in selector.matchers.matchers if each.value}
                inside = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
                yield f"ALERTS{{{inside}}}"


def _matches_by_labels(guard: Any) -> bool:
    return bool(guard.modifier and guard.modifier.matching)


def _guards(expression: str) -> list[Any]:
    """Each `unless` of an expression."""
    found: list[Any] = []

    def note(node: Any) -> bool:
        if isinstance(node, promql_parser.BinaryExpr) and str(node.op) == "unless":
            found.append(node)
        return True

    promql_parser.walk(promql_parser.parse(expression), note)
    return found

"""Tests that follow from those of `alerts/tests`, for every alert alike.

Where nothing is measured, nothing is wrong. Where an alert on a reading is told, it still is at the next look when
every reading is missing. Where an alert has a guard that looks at another alert, or at a state, it is silent while that
fires or is so, though all else is as where it is told.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import promql_parser

from ragpulse.promql import reads_gauge
from tests.fakes.guards import Cause, alerts_explaining, is_part_of, states_explaining
from tests.fakes.rule_cases import (
    FOLDER,
    SMALL_CLUSTER,
    Case,
    Rule,
    cases,
    condition,
    needed,
    rules_of,
)
from tests.fakes.series_values import cut, duration
from tests.mutation.printing import shape

# That nothing is there is what these are for.
_TOLD_OF_NOTHING = {"Watchdog", "TargetMissing"}

_Look = dict[str, Any]


@cache
def derived_cases() -> tuple[Case, ...]:
    return (*_nothing_measured(), *(each for case, look in _where_told() for each in _derived(case, look)))


def _nothing_measured() -> Iterator[Case]:
    rules = dict(enumerate(rules_of(SMALL_CLUSTER)))
    for component in dict.fromkeys(rule.component for rule in rules.values()):
        alerts = {rule.name for rule in rules.values() if "alert" in rule.body and rule.component == component}
        looks = [
            {"eval_time": "20m", "alertname": alert, "exp_alerts": []} for alert in sorted(alerts - _TOLD_OF_NOTHING)
        ]
        name = f"where nothing is measured nothing is wrong: {component}"
        test = {"name": name, "interval": "1m", "alert_rule_test": looks}
        yield Case(component, SMALL_CLUSTER, "1m", test, tuple(sorted(needed(test, rules))))


def _where_told() -> list[tuple[Case, _Look]]:
    """For each line of code that writes an alert, the first moment of the first test in which that is told alone."""
    found: dict[tuple[str, ...], tuple[Case, _Look]] = {}
    for case in (case for path in sorted(FOLDER.glob("*.yml")) for case in cases(path.stem)):
        for look in case.test.get("alert_rule_test") or ():
            if rules := [rule for rule in _rules(case, look) if rule.component == case.file]:
                shapes = {shape(promql_parser.parse(rule.body["expr"])) for rule in rules}
                key = (look["alertname"], rules[0].body["labels"]["severity"], *sorted(shapes))
                if key not in found or len(found[key][1]["exp_alerts"]) > len(look["exp_alerts"]) == 1:
                    found[key] = (case, look)
    return list(found.values())


def _derived(case: Case, look: _Look) -> Iterator[Case]:
    rules = _rules(case, look)
    severity, given = rules[0].body["labels"]["severity"], case.test["input_series"]
    alert = f"{look['alertname']} of {look['exp_alerts'][0]['exp_labels']['component']} ({severity}, {case.file})"
    at, every = duration(look["eval_time"]), duration(case.test["interval"])
    if any(reads_gauge(condition(rule.body["expr"])) for rule in rules):
        series = [each | {"values": cut(each["values"], at // every + 1)} for each in given]
        later = promql_parser.display_duration(at + duration(case.every))
        name = f"{alert} is told for a moment longer when its readings are missing"
        yield _with(case, name, series, look | {"eval_time": later})
    labels, times = look["exp_alerts"][0]["exp_labels"], at // every + 1
    for cause in dict.fromkeys(each for rule in rules for each in alerts_explaining(rule.body["expr"], labels)):
        series = [*given, {"series": cause.series, "values": f"1x{times}"}]
        yield from _silent(case, f"{alert} is silent while this is told: {cause.series}", series, look, cause)
    for cause in dict.fromkeys(each for rule in rules for each in states_explaining(rule.body["expr"], labels)):
        others, other = [each for each in given if not is_part_of(each["series"], cause.series)], int(not cause.value)
        series = [*others, {"series": cause.series, "values": f"{cause.value}x{times}"}]
        yield from _silent(case, f"{alert} is silent while {cause.series} is {cause.value}", series, look, cause)
        series = [*others, {"series": cause.series, "values": f"{other}x{times}"}]
        yield _with(case, f"{alert} is told while {cause.series} is {other}", series, look)


def _silent(case: Case, name: str, series: list[dict[str, Any]], look: _Look, cause: Cause) -> Iterator[Case]:
    """What else is told at that moment stays."""
    first, *more = look["exp_alerts"]
    others = [each for each in more if any(_of(each, label) != _of(first, label) for label in cause.by)]
    if cause.by or len(look["exp_alerts"]) == 1:
        yield _with(case, name, series, look | {"exp_alerts": others})


def _of(alert: dict[str, Any], label: str) -> str | None:
    value: str | None = alert["exp_labels"].get(label)
    return value


def _with(case: Case, name: str, series: list[dict[str, Any]], look: _Look) -> Case:
    test = {"name": name, "interval": case.test["interval"], "input_series": series, "alert_rule_test": [look]}
    loaded = {number: rules_of(case.cluster)[number] for number in case.needs}
    return replace(case, test=test, needs=tuple(sorted(needed(test, loaded))))


def _rules(case: Case, look: _Look) -> list[Rule]:
    """Those that may have told what is expected there."""
    if not look["exp_alerts"]:
        return []
    labels = look["exp_alerts"][0]["exp_labels"]
    return [
        rule
        for rule in (rules_of(case.cluster)[number] for number in case.needs)
        if rule.body.get("alert") == look["alertname"]
        and all(labels.get(key) == value for key, value in rule.body["labels"].items() if "{{" not in value)
    ]

"""Which kinds of promtool test an alert has, by what its tests expect; that it is so, promtool says.

fires: it is told. silent: it is not, while what it looks at is there. idle: it is not, while that is not there or does
not move. recovers: it is told, and later in the same test not any more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import promql_parser

from ragpulse.catalogue import BY_NAME
from tests.fakes.derived_cases import derived_cases
from tests.fakes.rule_cases import ALERT_SERIES, FOLDER, Asked, Case, Rule, cases, condition, gives, reads, rules_of
from tests.fakes.series_values import duration, words

KINDS = frozenset({"fires", "silent", "idle", "recovers"})
_STILL = 6  # values in a row that are the same when nothing happens


@dataclass(frozen=True, slots=True)
class _Look:
    """At one moment of a case: is the alert told?"""

    at: timedelta
    told: bool


def kinds_of_test(alert: str) -> set[str]:
    found: set[str] = set()
    for case in _every_case():
        if rules := [rule for rule in rules_of(case.cluster) if rule.name == alert]:
            found |= _kinds(case, rules)
    return found


@cache
def _every_case() -> tuple[Case, ...]:
    return (*(case for path in sorted(FOLDER.glob("*.yml")) for case in cases(path.stem)), *derived_cases())


def _kinds(case: Case, rules: list[Rule]) -> set[str]:
    looks = list(_looks(case, rules))
    fires = [look.at for look in looks if look.told]
    quiet = [look.at for look in looks if not look.told]
    found = {"fires"} if fires else set()
    if fires and any(at > min(fires) for at in quiet):
        found.add("recovers")
    return found | {"silent" if _something_moves(case, rules, at) else "idle" for at in quiet}


def _looks(case: Case, rules: list[Rule]) -> Iterator[_Look]:
    for each in case.test.get("alert_rule_test") or ():
        if each["alertname"] == rules[0].name:
            yield _Look(duration(each["eval_time"]), bool(each["exp_alerts"]))
    for each in case.test.get("promql_expr_test") or ():
        asked = [one for one in reads(each["expr"]) if one.name in ALERT_SERIES]
        told = any(float(sample["value"]) for sample in each["exp_samples"])
        # Of several alerts that are meant at once it is not known which was told, but that none was.
        meant = any(("alertname", "=", rules[0].name) in one.labels for one in asked)
        if meant or (not told and any(gives(rule, one) for rule in rules for one in asked)):
            yield _Look(duration(each["eval_time"]), told)


def _something_moves(case: Case, rules: list[Rule], at: timedelta) -> bool:
    own = _looked_at(case, rules)
    index = at // duration(case.test["interval"])
    for each in case.test.get("input_series") or ():
        selector: Any = promql_parser.parse(each["series"])
        labels = {one.name: one.value for one in selector.matchers.matchers}
        if any(one.name == selector.name and one.fits(labels) for one in own):
            recent = words(each["values"])[: index + 1][-_STILL:]
            is_there = bool(recent) and recent[-1] not in {"_", "stale"}
            if is_there and (not _counts(selector.name) or len(set(recent)) > 1):
                return True
    return False


def _counts(name: str) -> bool:
    """Such a series is there, too, when nothing happens."""
    metric = BY_NAME.get(name)
    return name.endswith(("_bucket", "_count", "_sum")) or (metric is not None and metric.kind == "counter")


def _looked_at(case: Case, rules: list[Rule]) -> set[Asked]:
    """The series behind what is wrong, through everything that is recorded of them."""
    recorded: dict[str, list[Rule]] = {}
    for rule in rules_of(case.cluster):
        if "record" in rule.body:
            recorded.setdefault(rule.name, []).append(rule)
    found: set[Asked] = set()
    waiting = [one for rule in rules for one in reads(condition(rule.body["expr"]))]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [deeper for rule in recorded.get(one.name or "", ()) for deeper in reads(rule.body["expr"])]
    return {one for one in found if one.name not in ALERT_SERIES}

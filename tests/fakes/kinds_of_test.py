"""Which kinds of promtool test an alert has, as far as its files say it.

fires: it is expected. below: nothing is expected of it while series that it reads are there, before it fires or in a
case in which it does not. recovers: what was expected is no longer, later in the same case. That a case lies *just*
below a threshold is not seen here: flipping comparators and moving thresholds proves it.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.fakes.rule_tests import FOLDER

KINDS = frozenset({"fires", "below", "recovers"})
_NAMES = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_ALERT_NAME = re.compile(r'alertname=~?"([^"]*)"')
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def kinds_of_test(expressions: dict[str, str]) -> dict[str, set[str]]:
    """expressions: alert → all of its expressions, and those of what they read that is recorded."""
    found: dict[str, set[str]] = {name: set() for name in expressions}
    for path in sorted(FOLDER.glob("*.yml")):
        for case in yaml.load(path.read_text(), yaml.CSafeLoader)["tests"]:
            given = {_NAMES.match(str(each["series"])).group() for each in case["input_series"]}  # type: ignore[union-attr]
            for name, expression in expressions.items():
                reads = bool(given & set(_NAMES.findall(expression)))
                found[name] |= set(_kinds(name, case, reads=reads))
    return found


def _kinds(name: str, case: dict[str, Any], *, reads: bool) -> Iterator[str]:
    fired: set[str] = set()
    for _, expected in sorted(_asked(name, case)):
        if fired - expected:
            yield "recovers"
        if expected:
            yield "fires"
        elif reads and not fired:
            yield "below"
        fired |= expected


def _asked(name: str, case: dict[str, Any]) -> Iterator[tuple[float, frozenset[str]]]:
    for asked in case.get("alert_rule_test", ()):
        if asked["alertname"] == name:
            labels = frozenset(str(sorted(each.get("exp_labels", {}).items())) for each in asked["exp_alerts"])
            yield _seconds(asked["eval_time"]), labels
    for asked in case.get("promql_expr_test", ()):
        if _is_about(name, asked["expr"]):
            yield _seconds(asked["eval_time"]), frozenset({asked["expr"]} if asked["exp_samples"] else ())


def _is_about(name: str, expression: str) -> bool:
    if "ALERTS" not in expression:
        return False
    named = _ALERT_NAME.search(expression)
    return named is None or re.fullmatch(named.group(1), name) is not None


def _seconds(text: str) -> float:
    return sum(int(amount) * _UNITS[unit] for amount, unit in re.findall(r"(\d+)(ms|s|m|h|d)", str(text)))

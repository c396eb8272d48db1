"""The promtool tests of `alerts/tests` one by one, each with the rules that it needs and no others.

promtool evaluates all rules of a file in each of its tests. What a test can notice follows from its text: the alerts
that it names, the series that it asks for, and what these read in turn. Rules of one group stay in their order.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from alerts import rules
from alerts.render import render
from ragpulse import cluster_file
from tests.mutation.printing import printed

FOLDER = Path(__file__).parents[2] / "alerts" / "tests"
SMALL_CLUSTER = FOLDER / "cluster.yaml"
ALERT_SERIES = ("ALERTS", "ALERTS_FOR_STATE")


@dataclass(frozen=True, slots=True)
class Rule:
    """One generated rule and where it stands; of its annotations only the summary, which holds every value."""

    component: str
    file: str
    group: str
    interval: str | None
    body: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.body.get("alert") or self.body["record"])


@dataclass(frozen=True, slots=True)
class Case:
    """One test of `alerts/tests/<file>.yml`. needs: numbers of rules in `rules_of(cluster)`."""

    file: str
    cluster: Path
    every: str
    test: dict[str, Any]
    needs: tuple[int, ...]

    @property
    def name(self) -> str:
        return str(self.test["name"])

    def files(self, found: Iterable[Rule]) -> dict[str, str]:
        """`rules.yml` with these rules, and `tests.yml`; JSON is YAML."""
        groups: dict[str, dict[str, Any]] = {}
        for rule in found:
            name = f"{rule.file} {rule.group}"
            every = {"interval": rule.interval} if rule.interval else {}
            groups.setdefault(name, {"name": name, **every, "rules": []})["rules"].append(rule.body)
        tests = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": self.every,
            # In no order of their own, groups are evaluated in any, each time another.
            "group_eval_order": list(groups),
            "tests": [_with_numbers(self.test)],
        }
        return {"rules.yml": json.dumps({"groups": list(groups.values())}), "tests.yml": json.dumps(tests)}


def _with_numbers(test: dict[str, Any]) -> dict[str, Any]:
    asked = [
        each | {"exp_samples": [sample | {"value": float(sample["value"])} for sample in each["exp_samples"]]}
        for each in test.get("promql_expr_test", ())
    ]
    return test | {"promql_expr_test": asked}


@cache
def rules_of(cluster: Path) -> tuple[Rule, ...]:
    inventory = cluster_file.load(cluster)
    component_of = {
        f"{group.file or component}.yml": component
        for component, of in rules.COMPONENTS.items()
        for group in of(inventory)
    }
    return tuple(
        Rule(component_of[name], name, group["name"], group.get("interval"), _only_summary(rule))
        for name, text in render(inventory).items()
        for group in yaml.load(text, yaml.CSafeLoader)["groups"]
        for rule in group["rules"]
    )


def _only_summary(rule: dict[str, Any]) -> dict[str, Any]:
    """promtool compares annotations as a whole; all but the summary are words and links."""
    return rule | {"annotations": {"summary": rule["annotations"]["summary"]}} if "alert" in rule else rule


def cluster_of(file: str) -> Path:
    own = FOLDER / f"{file}.cluster.yaml"
    return own if own.exists() else SMALL_CLUSTER


class _AsWritten(yaml.CSafeLoader):
    """Scalars stay text, as promtool reads them: `0x20` is twenty zeros, and no number in base 16."""

    yaml_implicit_resolvers = {"<": yaml.CSafeLoader.yaml_implicit_resolvers["<"]}


@cache
def cases(file: str) -> tuple[Case, ...]:
    cluster, document = cluster_of(file), _document(file)
    rules = {number: rules_of(cluster)[number] for number in loaded(file)}
    return tuple(
        Case(file, cluster, document["evaluation_interval"], test, tuple(sorted(needed(test, rules))))
        for test in document["tests"]
    )


def loaded(file: str) -> tuple[int, ...]:
    """The numbers of all rules that a file of tests loads."""
    names = {Path(name).name for name in _document(file)["rule_files"]}
    return tuple(number for number, rule in enumerate(rules_of(cluster_of(file))) if rule.file in names)


@cache
def _document(file: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load((FOLDER / f"{file}.yml").read_text(), _AsWritten)  # noqa: S506 - a safe loader
    return document


@dataclass(frozen=True, slots=True)
class Asked:
    """A series that something reads; of alerts also which, None for any series at all."""

    name: str | None
    labels: tuple[tuple[str, str, str], ...] = ()

    def fits(self, labels: Mapping[str, str]) -> bool:
        """As far as the labels are known."""
        return all(_matches(labels[label], how, value) for label, how, value in self.labels if label in labels)


def needed(test: dict[str, Any], loaded: dict[int, Rule]) -> set[int]:
    asked = [Asked("ALERTS", (("alertname", "=", each["alertname"]),)) for each in test.get("alert_rule_test", ())]
    asked += [one for each in test.get("promql_expr_test", ()) for one in reads(each["expr"])]
    found: set[int] = set()
    while asked:
        wanted = asked.pop()
        new = {number for number, rule in loaded.items() if number not in found and gives(rule, wanted)}
        found |= new
        asked += [one for number in new for one in reads(loaded[number].body["expr"])]
    return found


def gives(rule: Rule, asked: Asked) -> bool:
    if asked.name is None:
        return True
    if "record" in rule.body:
        return rule.name == asked.name
    labels = {label: value for label, value in rule.body["labels"].items() if "{{" not in value}
    labels["alertname"] = rule.name
    return asked.name in ALERT_SERIES and asked.fits(labels)


def _matches(value: str, how: str, wanted: str) -> bool:
    fits = bool(re.fullmatch(wanted, value)) if "~" in how else value == wanted
    return fits != how.startswith("!")


_HOW = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}


@cache
def reads(expression: str) -> tuple[Asked, ...]:
    return tuple(
        Asked(selector.name, tuple((each.name, _HOW[str(each.op)], each.value) for each in selector.matchers.matchers))
        for selector in selectors(promql_parser.parse(expression))
    )


def selectors(expression: Any) -> Iterator[Any]:
    """Every series that a parsed expression selects, as promql-parser has it."""
    found: list[Any] = []

    def note(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        return True

    promql_parser.walk(expression, note)
    return iter(found)


@cache
def condition(expression: str) -> str:
    """What is wrong, without the guards that follow it."""
    node = promql_parser.parse(expression)
    while isinstance(node, promql_parser.BinaryExpr) and str(node.op) == "unless":
        node = node.lhs
    return printed(node)

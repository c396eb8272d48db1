"""The rules of a cluster: every name in them exists, and promtool runs its own tests over those of `alerts/tests`."""

import os
import re
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from alerts import rules
from alerts.render import render
from ragpulse import cluster_file
from ragpulse.catalogue import BY_NAME
from ragpulse.foreign import FOREIGN
from ragpulse.inventory import Cluster
from tests.fakes.binaries import binary
from tests.fakes.rule_cases import FOLDER, SMALL_CLUSTER, Case, cases, cluster_of, rules_of

# It allocates much and lives for a second: collecting garbage less often, and on one core, saves a third of its work.
SHORT_LIVED = {"GOGC": "400", "GOMAXPROCS": "1"}


def small_cluster() -> Cluster:
    return cluster_file.load(SMALL_CLUSTER)


def rule_list(cluster: Cluster, component: str) -> list[dict[str, Any]]:
    """The rules of one component as Prometheus reads them, whatever files they lie in."""
    files = {f"{group.file or component}.yml" for group in rules.COMPONENTS[component](cluster)}
    return [rule for name, text in render(cluster).items() if name in files for rule in _read(text)]


def all_rules(cluster: Cluster) -> list[dict[str, Any]]:
    return [rule for text in render(cluster).values() for rule in _read(text)]


def _read(text: str) -> list[dict[str, Any]]:
    return [rule for group in yaml.load(text, yaml.CSafeLoader)["groups"] for rule in group["rules"]]


def assert_names_exist(found: list[dict[str, Any]]) -> None:
    """Every expression is PromQL over what the catalogue declares, another rule records or Prometheus makes."""
    recorded = {rule["record"] for rule in found if "record" in rule}
    foreign = set(FOREIGN)
    for rule in found:
        promql_parser.parse(rule["expr"])
        unquoted = re.sub(r'"[^"]*"', "", rule["expr"])
        for name in re.findall(r"\b(?:ragpulse|prometheus|alertmanager)[_:][a-z0-9_:]*\b", unquoted):
            base = re.sub(r"_(bucket|count|sum)$", "", name)
            assert name in recorded | foreign or name in BY_NAME or BY_NAME[base].kind == "histogram", rule["expr"]


def promtool_tests(component: str, generation: int, folder: Path) -> None:
    """Runs `alerts/tests/<component>.yml`; `folder` is empty and takes what promtool needs."""
    run_cases(cases(component), generation, folder)


def run_cases(found: Iterable[Case], generation: int, folder: Path) -> None:
    for number, case in enumerate(found):
        own = folder / f"{number}-{re.sub(r'[^a-z0-9]+', '-', case.name.lower())[:80]}"
        own.mkdir()
        for name, text in case.files(rules_of(case.cluster)[number] for number in case.needs).items():
            (own / name).write_text(text)
    _run(folder, generation, sorted(folder.glob("*/tests.yml")))


def whole_promtool_tests(component: str, generation: int, folder: Path) -> None:
    """The same as it is written, over whole files of rules."""
    run_promtool((FOLDER / f"{component}.yml").read_text(), generation, folder, cluster_of(component))


def run_promtool(
    tests: str, generation: int, folder: Path, cluster: Path = SMALL_CLUSTER, *, seconds: float = 120
) -> None:
    """`tests`: of the rules of a cluster, which lie in `rules/`."""
    rules = folder / "rules"
    rules.mkdir()
    for name, text in _rules_to_test(cluster).items():
        (rules / name).write_text(text)
    (folder / "tests.yml").write_text(tests)
    _run(folder, generation, [folder / "tests.yml"], seconds)


def _run(folder: Path, generation: int, tests: list[Path], seconds: float = 120) -> None:
    result = subprocess.run(
        [binary("promtool", generation), "test", "rules", *(path.relative_to(folder) for path in tests)],
        cwd=folder, env=os.environ | SHORT_LIVED, capture_output=True, text=True, check=False, timeout=seconds,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


@cache
def _rules_to_test(cluster: Path) -> dict[str, str]:
    return {name: _only_summaries(text) for name, text in render(cluster_file.load(cluster)).items()}


def _only_summaries(text: str) -> str:
    """promtool compares annotations as a whole; the summary holds every value, the others are words and links."""
    document = yaml.safe_load(text)
    for group in document["groups"]:
        for rule in group["rules"]:
            if "annotations" in rule:
                rule["annotations"] = {"summary": rule["annotations"]["summary"]}
    return yaml.safe_dump(document, sort_keys=False)

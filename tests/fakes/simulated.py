"""What expressions give after minutes of given series, judged by the rules of a cluster as they are shipped.

promtool compares: it is told to expect what can never be, and says of each expression what it got instead.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alerts.render import render
from ragpulse.inventory import Cluster
from tests.fakes.binaries import binary
from tests.fakes.rule_tests import SHORT_LIVED

STEP = 10  # seconds
_NEVER = [{"labels": '{never="this"}', "value": 1.0}]
_GOT = re.compile(r"^ +expr: .*?\n +exp:.*?\n +got:(.*)$", re.MULTILINE)
_SAMPLE = re.compile(r"\{([^{}]*)\} (\S+?)(?:,|$)", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Sample:
    labels: frozenset[tuple[str, str]]
    value: float


@dataclass(frozen=True, slots=True)
class Past:
    """series: selector → values as promtool writes them, `STEP` seconds apart."""

    cluster: Cluster
    series: Mapping[str, str]


def given(past: Past, expressions: Iterable[str], at: float, generation: int, folder: Path) -> list[Sequence[Sample]]:
    """In the order of the expressions; `folder` is empty."""
    cases = [{"expr": each, "eval_time": f"{at:g}s", "exp_samples": _NEVER} for each in expressions]
    test = {
        "interval": f"{STEP}s",
        "input_series": [{"series": name, "values": values} for name, values in past.series.items()],
        "promql_expr_test": cases,
    }
    (folder / "rules").mkdir()
    for name, text in render(past.cluster).items():
        (folder / "rules" / name).write_text(text)
    document = {"rule_files": ["rules/*.yml"], "evaluation_interval": f"{STEP}s", "tests": [test]}
    (folder / "tests.yml").write_text(json.dumps(document))
    said = subprocess.run(
        [binary("promtool", generation), "test", "rules", "tests.yml"],
        cwd=folder, env=os.environ | SHORT_LIVED, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    found = [_samples(text) for text in _GOT.findall(said.stdout + said.stderr)]
    assert len(found) == len(cases), said.stdout + said.stderr
    return found


def _samples(text: str) -> Sequence[Sample]:
    return [Sample(frozenset(_LABEL.findall(labels)), float(value)) for labels, value in _SAMPLE.findall(text)]

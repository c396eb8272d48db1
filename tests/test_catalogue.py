import math
import re
import subprocess

import pytest

from ragpulse import catalogue
from ragpulse.metric import Metric, Sample, header, line
from tests.fakes.binaries import binary, each_generation

UNITS = (
    "_seconds", "_bytes", "_ratio", "_celsius", "_joules", "_tokens", "_bytes_per_second", "_seconds_total",
    "_bytes_total",
)  # fmt: skip


@pytest.mark.parametrize("metric", catalogue.ALL, ids=lambda metric: metric.name)
def test_a_metric_follows_the_grammar(metric: Metric) -> None:
    assert metric.help.endswith("."), "help is a sentence"
    assert not re.search(r"percent|_ms\b|millis|kilo|mega", metric.name), "base units only"
    if metric.kind == "histogram":
        assert metric.name.endswith(UNITS)
    own = set(metric.labels) - {"service"}
    assert metric.name.endswith("_info") or len(own) <= 3
    assert not own & {"cluster", "node", "instance", "job", "le"}, "these come from the target files"


def test_no_name_is_declared_twice() -> None:
    assert len(catalogue.BY_NAME) == len(catalogue.ALL)


def page_of(metric: Metric) -> str:
    return header(metric) + "".join(map(line, samples_of(metric)))


def samples_of(metric: Metric) -> list[Sample]:
    labels = dict.fromkeys(metric.labels, "x")
    if metric.kind == "histogram":
        return list(metric.buckets([(0.1, 1), (math.inf, 2)], 3.0, **labels))
    return [metric(1, **labels)]


@each_generation
def test_promtool_finds_nothing_to_say_of_any_metric(generation: int) -> None:
    page = "".join(map(page_of, catalogue.ALL))
    promtool = binary("promtool", generation)
    said = subprocess.run(
        [promtool, "check", "metrics"], input=page, capture_output=True, text=True, check=False, timeout=30
    )
    assert (said.returncode, said.stdout + said.stderr) == (0, "")

import re

import pytest

from ragpulse import catalogue
from ragpulse.metric import Metric

UNITS = ("_seconds", "_bytes", "_ratio", "_celsius", "_joules", "_bytes_per_second", "_seconds_total", "_bytes_total")


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

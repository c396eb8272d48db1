"""What rules read exists: every metric, every label that is matched or grouped by, every edge of a histogram; and no
expression uses what Prometheus 2.42 or 3.x refuses or understands differently.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import pytest

from exporters.vllm_page import VllmPage
from ragpulse import cluster_file
from ragpulse.catalogue import BY_NAME, vllm
from ragpulse.foreign import FOREIGN, TARGET_LABELS
from ragpulse.metric import LATENCY_EDGES, Metric, number
from ragpulse.objectives import ITL_EDGES, TTFT_EDGES
from ragpulse.units import prometheus_duration
from tests.fakes.rule_cases import FOLDER, SMALL_CLUSTER, rules_of, selectors
from tests.mutation.printing import children

ROOT = Path(__file__).parent.parent
CLUSTERS = [ROOT / "cluster.example.yaml", SMALL_CLUSTER, *sorted(FOLDER.glob("*.cluster.yaml"))]
PAGES = sorted((ROOT / "tests" / "captures" / "vllm").glob("vllm-*.prom"))

# Edges of histograms that vLLM itself fills; ours have `LATENCY_EDGES`.
EDGES = {vllm.TTFT: TTFT_EDGES, vllm.ITL: ITL_EDGES}

each_cluster = pytest.mark.parametrize("cluster", CLUSTERS, ids=lambda path: path.name)


def histogram_of(name: str) -> Metric | None:
    metric = BY_NAME.get(re.sub(r"_(bucket|count|sum)$", "", name))
    return metric if metric is not None and metric.kind == "histogram" and metric.name != name else None


@cache
def labels_of(name: str, cluster: Path) -> set[str]:
    """Of the series of a name; KeyError where there is none."""
    if name in FOREIGN:
        return {*FOREIGN[name], *TARGET_LABELS}
    rules = rules_of(cluster)
    if recorded := [rule for rule in rules if rule.body.get("record") == name]:
        given = {label for rule in recorded for label in rule.body["labels"]}
        return given | {label for rule in recorded for label in labels_given(rule.body["expr"], cluster)}
    if histogram := histogram_of(name):
        return {*histogram.labels, *TARGET_LABELS, *(("le",) if name.endswith("_bucket") else ())}
    return {*BY_NAME[name].labels, *TARGET_LABELS}


@cache
def labels_given(expression: str, cluster: Path) -> set[str]:
    """Labels that the result of an expression may have: of all that it reads, and those that it makes."""
    made = set(re.findall(r'label_replace\(.*?, "(\w+)"', expression))
    read = (labels_of(selector.name, cluster) for selector in selectors(promql_parser.parse(expression)))
    return made.union(*read)


def grouped_by(node: Any) -> set[str]:
    modifier = getattr(node, "modifier", None)
    own: set[str] = set()
    if isinstance(node, promql_parser.AggregateExpr) and modifier:
        own = set(modifier.labels)
    elif isinstance(node, promql_parser.BinaryExpr) and modifier and modifier.matching:
        own = {*modifier.matching.labels, *(modifier.group_labels or ())}
    return own.union(*(grouped_by(child) for child in children(node)))


@each_cluster
def test_every_metric_and_every_label_that_a_rule_selects_by_exists(cluster: Path) -> None:
    for rule in rules_of(cluster):
        for selector in selectors(promql_parser.parse(rule.body["expr"])):
            assert selector.name, f"{rule.name} selects by labels alone"
            known = labels_of(selector.name, cluster)
            asked = {matcher.name for matcher in selector.matchers.matchers}
            assert asked <= known, f"{rule.name}: {selector.name} has no {asked - known}"


@each_cluster
def test_every_label_that_a_rule_groups_or_matches_by_is_one_of_what_it_reads(cluster: Path) -> None:
    for rule in rules_of(cluster):
        by = grouped_by(promql_parser.parse(rule.body["expr"]))
        known = labels_given(rule.body["expr"], cluster)
        assert by <= known, f"{rule.name} groups by {by - known}, which nothing that it reads has"


def edges_asked() -> set[tuple[str, str, str]]:
    return {
        (selector.name, str(matcher.op), matcher.value)
        for cluster in CLUSTERS
        for rule in rules_of(cluster)
        for selector in selectors(promql_parser.parse(rule.body["expr"]))
        for matcher in selector.matchers.matchers
        if matcher.name == "le"
    }


def test_every_bucket_that_a_rule_asks_for_is_one_in_the_spelling_of_both_generations() -> None:
    """2.x keeps `1` or `1.0` as the page has it, 3.x makes `1.0` of both."""
    assert edges_asked()
    for name, operator, value in edges_asked():
        metric = histogram_of(name)
        assert metric is not None, f"{name} has no buckets"
        spelt = {
            number(edge): {f"{edge:.0f}", f"{edge:.1f}"} if edge.is_integer() else {number(edge)}
            for edge in EDGES.get(metric, LATENCY_EDGES)
        }
        matched = [
            edge
            for edge, spellings in spelt.items()
            if all(value == one if operator == "MatchOp.Equal" else re.fullmatch(value, one) for one in spellings)
        ]
        assert len(matched) == 1, f"{name} is asked for le {value}"


@cache
def edges_of(page: Path) -> dict[Metric, set[float]]:
    found: dict[Metric, set[float]] = {}
    for sample in VllmPage(page.read_text()).samples("vllm"):
        if sample.suffix == "_bucket":
            found.setdefault(sample.metric, set()).add(float(sample.le))
    return found


@pytest.mark.parametrize("metric", EDGES, ids=lambda metric: metric.name)
def test_every_recorded_page_that_has_the_histogram_has_these_edges(metric: Metric) -> None:
    having = [page for page in PAGES if metric in edges_of(page)]
    assert len(having) >= 5
    for page in having:
        assert set(EDGES[metric]) <= edges_of(page)[metric], page.name


REFUSED = {
    "a function that 2.42 does not know": r"\b(histogram_(avg|stddev|stdvar)|info|sort_by_label(_desc)?|mad_over_time"
    r"|limit(k|_ratio)|(first|ts_of_\w+)_over_time|double_exponential_smoothing)\s*\(",
    "a function that 3.x does not know": r"\bholt_winters\s*\(",
    "a modifier of 3.x": r"\b(anchored|smoothed)\b",
    "arithmetic in a duration": r"\[[^\]]*[-+*/][^\]]*\]",
    "a duration as a number": r"(?<![\[\w.])\d+(ms|[smhdwy])\b(?!\])",
    "a number with an underscore": r"\b\d+_\d+\b",
    "a name in quotes": r"\{\s*\"",
    "a point of which 3.x says that it is a new line too": r"\.[*+]",
    "an operator of native histograms": r"</|>/",
    "a subquery of one step": r"\[(\w+):\1\]",
}


def strange(expression: str) -> list[str]:
    """What is matched by its value alone is data, and a pattern that any value fits has no lines."""
    bare = re.sub(r'="(?:[^"\\]|\\.)*"|"\(?\.[*+]\)?"|\boffset \w+', "", expression)
    return [why for why, pattern in REFUSED.items() if re.search(pattern, bare)]


@each_cluster
def test_no_expression_uses_what_one_of_the_generations_refuses(cluster: Path) -> None:
    found = {rule.name: why for rule in rules_of(cluster) if (why := strange(rule.body["expr"]))}
    assert not found


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("mad_over_time(x[5m])", "a function that 2.42 does not know"),
        ("holt_winters(x[5m], 0.5, 0.5)", "a function that 3.x does not know"),
        ("rate(x[5m] smoothed)", "a modifier of 3.x"),
        ("rate(x[5m*2])", "arithmetic in a duration"),
        ("time() - x > 1h", "a duration as a number"),
        ("x > 1_000", "a number with an underscore"),
        ('{"x.y"}', "a name in quotes"),
        ('x{a=~"b.*"}', "a point of which 3.x says that it is a new line too"),
        ("x </ 5", "an operator of native histograms"),
        ("max_over_time(x[1m:1m])", "a subquery of one step"),
    ],
)
def test_each_of_these_is_noticed(expression: str, why: str) -> None:
    assert why in strange(expression)


@each_cluster
def test_every_range_holds_at_least_four_scrapes(cluster: Path) -> None:
    """A range is open to the left in 3.x: one sample less than in 2.x."""
    step = cluster_file.load(cluster).monitoring.scrape_interval
    for rule in rules_of(cluster):
        for window in re.findall(r"\[(\w+)\]", rule.body["expr"]):
            seconds = promql_parser.parse_duration(window).total_seconds()
            assert seconds >= 4 * step, f"{rule.name}: [{window}] at every {prometheus_duration(step)}"


@each_cluster
def test_no_group_has_a_key_that_2_42_refuses(cluster: Path) -> None:
    allowed = {"alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"}
    for rule in rules_of(cluster):
        assert set(rule.body) <= allowed

"""Of all alerts, at short and long intervals: a root is known before its leaves, and its leaves look back at it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts import timing
from alerts.node import NODE_DOWN
from alerts.prometheus import scrape_timeout
from alerts.rule import Alert
from alerts.rules import COMPONENTS
from ragpulse import cluster_file, yaml_file
from ragpulse.dependencies import Dependencies
from ragpulse.inventory import Cluster
from ragpulse.promql import reads_gauge
from ragpulse.recorded import long_window, short_window
from ragpulse.units import duration, prometheus_duration
from ragpulse.vantage import interval, request_timeout
from tests.fakes.rule_cases import SMALL_CLUSTER
from tests.fakes.rule_tests import all_rules

ROOT = Path(__file__).parent.parent
FILES = (ROOT / "cluster.example.yaml", SMALL_CLUSTER)
ONE_NODE_EACH = (
    "cluster: c\nnodes: {a: {address: 127.0.0.1}, b: {address: 127.0.0.2}}\nmonitoring: {scrape_interval: 10s}\n"
    "services: {v: {kind: vllm, nodes: [a], url: 'http://127.0.0.1'}}\n"
)

# Read where the service lives or of itself: with the node the reading goes, and none of them is told of its end.
NOT_OF_A_NODE = {
    "CertificateExpires", "ChromaDiskFillingUp", "ChromaLeaksDirectories", "ChromaUnguarded", "ChromaWalBacklog",
    "GpuNoHeadroom", "MemoryWriteLost", "MemoryRoundTripFailed",
}  # fmt: skip
# Seconds that pass before the fault itself can be seen: of a stall, and of a node that Ray misses.
SEEN_AFTER = {"VllmStalled": 15.0, "RayNodeLost": 15.0}
GATE = re.compile(rf'ALERTS\{{[^{{}}]*alertname=~?"[^"]*\b{NODE_DOWN}",node=~?"([^"]*)"\}}\[(\d+\w)\]')
ONE_NODE = {"RayNodeLost", "RayGpuLost"}  # of Ray: that one and its head


def clusters() -> Iterator[Cluster]:
    for text in (*(file.read_text() for file in FILES), ONE_NODE_EACH):
        for step in ("1s", "10s", "60s"):
            changed = text.replace("scrape_interval: 10s", f"scrape_interval: {step}")
            yield cluster_file.parse(yaml_file.parse(changed, "c"), "c")


CLUSTERS = tuple(clusters())
each_cluster = pytest.mark.parametrize(
    "cluster", CLUSTERS, ids=lambda cluster: f"{cluster.name} every {cluster.monitoring.scrape_interval:g} s"
)


def alerts_of_services(cluster: Cluster) -> Iterator[Alert]:
    for rules in COMPONENTS.values():
        for group in rules(cluster):
            for rule in group.rules:
                if isinstance(rule, Alert) and "service" in rule.labels:
                    yield rule


@each_cluster
def test_a_node_is_known_to_be_down_before_anything_is_told_that_needs_it(cluster: Cluster) -> None:
    known = timing.root_hold(cluster) + timing.evaluation(cluster)
    seen = list(alerts_of_services(cluster))
    for alert in seen:
        if alert.name not in NOT_OF_A_NODE:
            assert known < alert.hold + SEEN_AFTER.get(alert.name, 0.0), alert.name
    assert {alert.name for alert in seen} >= {"ServiceDown", "VllmStalled", "ErrorBudgetBurningFast"}


@each_cluster
def test_what_needs_a_node_is_silent_until_its_windows_have_forgotten_it(cluster: Cluster) -> None:
    graph = Dependencies(cluster)
    for alert in alerts_of_services(cluster):
        gates = GATE.findall(alert.expr)
        if alert.name in NOT_OF_A_NODE and not gates:
            continue
        assert len(gates) == 1, f"{alert.name}: {alert.expr}"
        nodes, window = set(gates[0][0].split("|")), duration(gates[0][1])
        needed = set(graph.nodes_beneath(alert.component))
        assert nodes == needed or (alert.name in ONE_NODE and alert.labels["node"] in nodes <= needed), alert.name
        looks_back = timing.looks_back(alert.expr.partition(" unless ")[0])
        short, long = short_window(cluster), long_window(cluster)
        assert window >= min(max(short, looks_back), long) + 60, (
            f"{alert.name} is told of what its root has left behind"
        )


@each_cluster
def test_what_needs_a_service_is_silent_while_that_cannot_work(cluster: Cluster) -> None:
    graph = Dependencies(cluster)
    for alert in alerts_of_services(cluster):
        probed = {each for each in graph.services_beneath(alert.component) if cluster.services[each].kind != "ray"}
        if not probed or alert.name in NOT_OF_A_NODE:
            continue
        told = re.findall(r'(?:ragpulse_service_ready|ALERTS)\{[^{}]*service=~?"([^"]*)"', alert.expr)
        assert any(probed <= set(names.split("|")) for names in told), alert.name


@each_cluster
def test_an_alert_on_a_reading_outlasts_two_missing_scrapes_and_no_other_does(cluster: Cluster) -> None:
    patience = prometheus_duration(2 * cluster.monitoring.scrape_interval)
    for rule in all_rules(cluster):
        if "alert" in rule:
            assert rule.get("keep_firing_for") == (patience if reads_gauge(rule["expr"]) else None), rule["alert"]


AT_TEN_SECONDS = """
cluster: c
nodes: {a: {address: 127.0.0.1}, b: {address: 127.0.0.2}, c: {address: 127.0.0.3}}
monitoring: {scrape_interval: 10s}
services:
  alone: {kind: vllm, nodes: [a], url: "http://127.0.0.1:1"}
  both: {kind: vllm, nodes: [a, b], url: "http://127.0.0.1:2"}
  engine: {kind: vllm, nodes: [b, c], url: "http://127.0.0.2:3", depends_on: [ray]}
  ray: {kind: ray, nodes: [b, c]}
  chroma: {kind: chroma, nodes: [a], url: "http://127.0.0.1:4", query: {collection: x}}
  seldom: {kind: chroma, nodes: [b], url: "http://127.0.0.2:4", every: 30s}
  memory: {kind: memory, nodes: [b], url: "http://127.0.0.2:5", preset: mcp-memory-service}
  rag: {kind: rag, nodes: [a], depends_on: [chroma, engine]}
  gateway: {kind: http, nodes: [a], url: "http://127.0.0.1:6", depends_on: [alone, chroma, memory]}
  late: {kind: http, nodes: [c], url: "http://127.0.0.3:7", depends_on: [rag]}
  later: {kind: http, nodes: [c], url: "http://127.0.0.3:8", depends_on: [seldom], every: 20s}
"""
STALL_KNOWN = 30.0  # tests/test_vllm_hang.py
PROMISED = {"outage": 75.0, "hung": 90.0}
BEHIND_RAY = 80.0  # also of an outage: Ray needs 15 s to find a node dead, which is told instead
every_ten_seconds = pytest.mark.parametrize(
    "cluster",
    [*CLUSTERS[1:6:3], cluster_file.parse(yaml_file.parse(AT_TEN_SECONDS, "c"), "c")],
    ids=["the example", "the cluster of the rule tests", "every kind of service"],
)


def told_after(cluster: Cluster, alert: Alert, seen: float) -> float:
    """In the worst case: what was seen is scraped, evaluated, held, and waits for what belongs to it."""
    waits = cluster.monitoring.scrape_interval + timing.evaluation(cluster) + timing.group_wait(cluster)
    return seen + waits + alert.hold


@every_ten_seconds
def test_a_fault_reaches_a_person_in_time_however_the_cluster_is_made(cluster: Cluster) -> None:
    """As far as its file asks for the usual times: for what is probed more seldom, or needs what is, as much later."""
    assert cluster.monitoring.scrape_interval == 10
    graph = Dependencies(cluster)
    found = {"ServiceDown": 0, "VllmStalled": 0}
    for alert in alerts_of_services(cluster):
        if alert.name not in found:
            continue
        found[alert.name] += 1
        own = interval(cluster, alert.component)
        needed = [interval(cluster, each) for each in graph.services_beneath(alert.component)]
        later = (own - 10) + max([10.0, *needed]) - 10
        if alert.name == "VllmStalled":
            assert told_after(cluster, alert, STALL_KNOWN) <= PROMISED["hung"] + later, alert.component
            continue
        # A killed one refuses at once; one that hangs lets every check of the run wait.
        hangs = own + max(1, len(cluster.services[alert.component].checks)) * request_timeout(cluster, alert.component)
        over_ray = any(cluster.services[each].kind == "ray" for each in graph.services_beneath(alert.component))
        is_engine = over_ray and cluster.services[alert.component].kind == "vllm"
        outage = BEHIND_RAY if is_engine else PROMISED["outage"]
        assert told_after(cluster, alert, own) <= outage + later, alert.component
        assert told_after(cluster, alert, hangs) <= PROMISED["hung"] + later, alert.component
    assert min(found.values()) > 0


@every_ten_seconds
def test_a_lost_node_reaches_a_person_in_time(cluster: Cluster) -> None:
    down = [rule for group in COMPONENTS["node"](cluster) for rule in group.rules if rule.name == NODE_DOWN]
    assert down
    for alert in down:
        assert isinstance(alert, Alert)
        assert told_after(cluster, alert, scrape_timeout(cluster)) <= PROMISED["outage"]


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("up == 0", 0.0), ("rate(a[5m]) > 0 and b[90s]", 300.0), ("max_over_time(a[1h:30s])", 3600.0)],
)
def test_an_expression_looks_back_as_far_as_its_longest_range(expression: str, seconds: float) -> None:
    assert timing.looks_back(expression) == seconds

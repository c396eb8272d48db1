"""Of all alerts, at short and long intervals: a root is known before its leaves, and its leaves look back at it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts import timing
from alerts.node import NODE_DOWN
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


def test_a_full_outage_reaches_a_person_in_time() -> None:
    """At the usual interval, in the worst case: the probe, its timeout, the scrape, the evaluation, for, group wait."""
    cluster = CLUSTERS[1]
    assert cluster.monitoring.scrape_interval == 10
    down = [alert for alert in alerts_of_services(cluster) if alert.name == "ServiceDown"]
    for alert in down:
        probed = interval(cluster, alert.component) + request_timeout(cluster, alert.component)
        rest = cluster.monitoring.scrape_interval + timing.evaluation(cluster) + timing.group_wait(cluster)
        # An engine that may run on Ray waits for what Ray knows.
        most = 85 if alert.component == "vllm" else 75
        assert probed + rest + alert.hold <= most, alert.component
    assert {alert.component for alert in down} == {"vllm", "chroma", "memory", "gateway"}


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("up == 0", 0.0), ("rate(a[5m]) > 0 and b[90s]", 300.0), ("max_over_time(a[1h:30s])", 3600.0)],
)
def test_an_expression_looks_back_as_far_as_its_longest_range(expression: str, seconds: float) -> None:
    assert timing.looks_back(expression) == seconds

"""Which node holds back the alerts of which service."""

from pathlib import Path

import pytest

from alerts.service_alert import needed_nodes
from ragpulse import cluster_file, yaml_file
from tests.fakes.rule_tests import rule_list, small_cluster

EXAMPLE = cluster_file.load(Path(__file__).parent.parent / "cluster.example.yaml")


@pytest.mark.parametrize(
    ("service", "nodes"),
    [
        pytest.param("vllm", ("sark", "clu"), id="an engine over two nodes needs both"),
        pytest.param("ray", ("sark", "clu"), id="Ray is what its nodes are together"),
        pytest.param("memory", ("clu",), id="a service needs its own node"),
        pytest.param("gateway", ("sark",), id="what it depends on is another service's matter"),
    ],
)
def test_a_service_needs_the_nodes_without_which_it_cannot_work(service: str, nodes: tuple[str, ...]) -> None:
    assert needed_nodes(EXAMPLE, service) == nodes


def test_a_replica_elsewhere_does_not_hold_an_alert_back() -> None:
    text = (
        "cluster: c\nnodes: {a: {address: 127.0.0.1}, b: {address: 127.0.0.2}}\n"
        "services: {web: {kind: http, nodes: [a, b], url: 'http://127.0.0.1'}}\n"
    )
    cluster = cluster_file.parse(yaml_file.parse(text, "c"), "c")
    down = next(rule for rule in rule_list(cluster, "service") if rule["alert"] == "ServiceDown")
    assert down["expr"].endswith('ALERTS{alertname="NodeDown",alertstate="firing",node="a"}')
    assert down["labels"] == {"severity": "page", "component": "web", "service": "web", "node": "a"}


def test_only_what_is_probed_can_be_down() -> None:
    rules = rule_list(small_cluster(), "service")
    assert {rule["labels"]["service"] for rule in rules} == {"vllm", "chroma", "memory"}


def test_the_alert_says_who_probes() -> None:
    down = next(rule for rule in rule_list(small_cluster(), "service") if rule["labels"]["service"] == "chroma")
    assert down["annotations"]["description"].endswith("Probed from beta.")

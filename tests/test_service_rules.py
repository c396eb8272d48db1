"""Which node holds back the alerts of which service."""

from ragpulse import cluster_file, yaml_file
from tests.fakes.rule_tests import rule_list, small_cluster


def test_a_replica_elsewhere_does_not_hold_an_alert_back() -> None:
    text = (
        "cluster: c\nnodes: {a: {address: 127.0.0.1}, b: {address: 127.0.0.2}}\n"
        "services: {web: {kind: http, nodes: [a, b], url: 'http://127.0.0.1'}}\n"
    )
    cluster = cluster_file.parse(yaml_file.parse(text, "c"), "c")
    down = next(rule for rule in rule_list(cluster, "service") if rule["alert"] == "ServiceDown")
    assert down["expr"].endswith('ALERTS{alertstate="firing",alertname="NodeDown",node="a"}[2m]))')
    assert down["labels"] == {"severity": "page", "component": "web", "service": "web", "node": "a"}


def test_only_what_is_probed_can_be_down() -> None:
    rules = rule_list(small_cluster(), "service")
    assert {rule["labels"]["service"] for rule in rules} == {"vllm", "chroma", "memory"}


def test_the_alert_says_who_probes() -> None:
    down = next(rule for rule in rule_list(small_cluster(), "service") if rule["labels"]["service"] == "chroma")
    assert down["annotations"]["description"].endswith("Probed from beta.")

"""How soon a fault of vLLM is told, and what is told of it instead of something else."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts import alertmanager
from exporters.vllm_state import STALLED_AFTER
from ragpulse import cluster_file, yaml_file
from ragpulse.inventory import Cluster
from ragpulse.units import duration
from tests.fakes.rule_tests import rule_list, small_cluster

EXAMPLE = cluster_file.load(Path(__file__).parent.parent / "cluster.example.yaml")
ALONE = "cluster: c\nnodes: {a: {address: 127.0.0.1}}\nservices:\n  v: {kind: vllm, nodes: [a], url: 'http://a'}\n"
STATE_KNOWN = 30.0  # seconds from the hang to `stalled` at the agent
TOLD_WITHIN = 90.0


def of(text: str) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "c"), "c")


def alert(cluster: Cluster, component: str, name: str) -> dict[str, Any]:
    return next(rule for rule in rule_list(cluster, component) if rule.get("alert") == name)


@pytest.mark.parametrize("cluster", [EXAMPLE, small_cluster(), of(ALONE)], ids=["the example", "over Ray", "alone"])
def test_a_hang_is_told_within_90_seconds_of_all_that_lies_between(cluster: Cluster) -> None:
    step = cluster.monitoring.scrape_interval
    hold = duration(alert(cluster, "vllm", "VllmStalled")["for"])
    route = yaml.safe_load(alertmanager.render(cluster)["alertmanager.yml"])["route"]
    scrape = evaluation = step
    assert STATE_KNOWN + scrape + evaluation + hold + duration(route["group_wait"]) <= TOLD_WITHIN


@pytest.mark.parametrize("cluster", [EXAMPLE, of(ALONE), of(ALONE + "monitoring: {scrape_interval: 5s}\n")])
def test_a_node_is_known_to_be_down_before_its_engine_is_told_to_hang(cluster: Cluster) -> None:
    step, scrape_timeout = cluster.monitoring.scrape_interval, 0.3 * cluster.monitoring.scrape_interval
    node_down = step + scrape_timeout + step + duration(alert(cluster, "node", "NodeDown")["for"])
    assert STALLED_AFTER + duration(alert(cluster, "vllm", "VllmStalled")["for"]) >= node_down


def test_without_canaries_nothing_is_asked_of_them() -> None:
    off = of(ALONE.replace("url:", "canary: {enabled: false}, url:"))
    assert [rule["labels"]["whose"] for rule in rule_list(off, "vllm_errors")] == ["users"]
    assert "canary" not in " ".join(rule["expr"] for rule in rule_list(off, "availability") if "expr" in rule)
    assert "canary" not in " ".join(rule["expr"] for rule in rule_list(off, "time_to_first_token"))


def test_of_a_page_on_which_metrics_come_and_go_none_has_vanished() -> None:
    over_ray = of(ALONE.replace("url:", "metrics_url: 'http://a:8080/metrics', url:"))
    assert [rule["alert"] for rule in rule_list(over_ray, "vllm_sight")] == ["VllmStatsDisabled", "VllmCanaryOff"]


def test_an_engine_over_several_nodes_waits_for_what_ray_says_of_them_and_one_on_one_node_does_not() -> None:
    both = ALONE.replace("{address: 127.0.0.1}", "{address: 127.0.0.1}, b: {address: 127.0.0.2}")
    ray = "  r: {kind: ray, nodes: [a, b]}\n"
    over_two = of(both.replace("nodes: [a]", "nodes: [a, b]") + ray)
    on_one = of(both + ray)
    for component, name in (("vllm", "VllmStalled"), ("service", "ServiceDown")):
        told_by_ray = alert(over_two, component, name)["expr"]
        assert 'ragpulse_ray_node_alive{service="r",ray_node=~"a|b"} == 0' in told_by_ray
        assert 'ragpulse_service_up{service="r"} == 0' in told_by_ray
        assert "ray" not in alert(on_one, component, name)["expr"]

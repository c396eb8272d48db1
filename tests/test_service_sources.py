"""Which node reads and probes what: local facts at home, probes from elsewhere, each name once."""

from pathlib import Path

import pytest

from exporters.service_sources import plan, service_sources
from exporters.source import Counting, Source
from ragpulse.cluster_file import load, parse
from ragpulse.inventory import Cluster
from ragpulse.vantage import vantages
from ragpulse.yaml_file import Document

EXAMPLE = Path(__file__).parent.parent / "cluster.example.yaml"


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return load(EXAMPLE)


def found_sources(cluster: Cluster, node: str) -> list[Source]:
    return [planned.source for planned in service_sources(cluster, node)]


def names(cluster: Cluster, node: str) -> set[str]:
    return {source.name for source in found_sources(cluster, node)}


def test_facts_are_read_at_home_and_probes_come_from_the_other_node(cluster: Cluster) -> None:
    assert names(cluster, "sark") == {
        "vllm:vllm", "canary:vllm", "ray:ray", "chroma:chroma", "chroma_state:chroma", "chroma_exposure:chroma",
        "chroma_disk:chroma", "recall:chroma", "probe:memory",
    }  # fmt: skip
    assert names(cluster, "clu") == {"probe:vllm", "canary:vllm", "probe:chroma", "probe:gateway", "probe:rag"}


def test_every_sample_a_service_source_can_give_is_declared(cluster: Cluster) -> None:
    for node in cluster.nodes:
        for source in found_sources(cluster, node):
            assert len(set(source.emits)) == len(source.emits)
            if isinstance(source, Counting):
                assert {sample.metric for sample in source.counters()} <= set(source.emits)


def test_runs_end_before_the_next_one_is_due(cluster: Cluster) -> None:
    for source in (*found_sources(cluster, "sark"), *found_sources(cluster, "clu")):
        assert _waits(source) <= source.interval


def test_a_target_is_counted_where_it_is_judged(cluster: Cluster) -> None:
    assert plan(cluster, "chroma").targets == {"query": 0.1}
    assert plan(cluster, "gateway").targets == {"response": 0.1}
    assert plan(cluster, "rag").targets == {}  # judged by its availability
    assert plan(cluster, "vllm").targets == {}  # judged on vLLM's own histogram of user traffic


def test_a_memory_service_with_gauges_is_read_on_its_only_node() -> None:
    service = {"kind": "memory", "nodes": ["box"], "url": "http://127.0.0.1:3000", "gauges": {"entries": "entries"}}
    value = {"cluster": "one", "nodes": {"box": {"address": "127.0.0.1"}}, "services": {"notes": service}}
    assert names(parse(Document(value, {}), "cluster.yaml"), "box") == {"memory:notes", "probe:notes"}


def test_round_trips_are_made_by_the_first_node_that_probes_and_by_no_other() -> None:
    roundtrip = {"enabled": True}
    service = {"kind": "memory", "nodes": ["n0"], "url": "http://127.0.0.1:3000", "preset": "mcp-memory-service"}
    nodes = {f"n{number}": {"address": f"127.0.0.{number + 1}"} for number in range(4)}
    value = {"cluster": "four", "nodes": nodes, "services": {"notes": {**service, "roundtrip": roundtrip}}}
    cluster = parse(Document(value, {}), "cluster.yaml")
    assert len(vantages(cluster, "notes")) == 3
    made_by = [node for node in cluster.nodes if "roundtrip:notes" in names(cluster, node)]
    assert made_by == [vantages(cluster, "notes")[0]]
    roundtrip["enabled"] = False
    assert not any("roundtrip:notes" in names(parse(Document(value, {}), "c"), node) for node in cluster.nodes)


def test_rays_pages_are_read_on_each_node_where_the_cluster_file_names_their_ports(cluster: Cluster) -> None:
    ray = {"kind": "ray", "nodes": ["sark", "clu"], "metrics_ports": [8080]}
    nodes = {"sark": {"address": "127.0.0.1"}, "clu": {"address": "127.0.0.2"}, "flynn": {"address": "127.0.0.3"}}
    value = {"cluster": "three", "nodes": nodes, "services": {"ray": ray}}
    named = parse(Document(value, {}), "cluster.yaml")
    assert [names(named, node) for node in named.nodes] == [{"ray:ray"}, {"ray:ray"}, set()]
    assert names(cluster, "clu").isdisjoint({"ray:ray"}), "without ports the head reads all of them"


def _waits(source: Source) -> float:
    """What the requests of a run can take; the deadline leaves a second more."""
    return source.timeout - (1.0 if source.name.startswith("probe:") else 0.0)

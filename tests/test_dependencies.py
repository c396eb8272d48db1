"""What needs what: the graph of the example, and what holds of the graph of any cluster file."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragpulse import cluster_file, yaml_file
from ragpulse.dependencies import Component, Dependencies, node, service
from ragpulse.inventory import Cluster

EXAMPLE = cluster_file.load(Path(__file__).parent.parent / "cluster.example.yaml")
GRAPH = Dependencies(EXAMPLE)


def parsed(text: str) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "c"), "c")


@pytest.mark.parametrize(
    ("name", "nodes", "services"),
    [
        pytest.param(
            "vllm", ("sark", "clu"), ("ray",), id="an engine over two nodes needs both, and the Ray they bear"
        ),
        pytest.param("ray", ("sark", "clu"), (), id="Ray is what its nodes are together"),
        pytest.param("memory", ("clu",), (), id="a service needs its own node"),
        pytest.param("gateway", ("sark", "clu"), ("ray", "chroma", "memory", "vllm"), id="and what it depends on"),
        pytest.param("rag", ("sark", "clu"), ("ray", "chroma", "memory", "vllm"), id="a path what its stages ask"),
    ],
)
def test_a_service_needs_that_without_which_it_cannot_work(
    name: str, nodes: tuple[str, ...], services: tuple[str, ...]
) -> None:
    assert GRAPH.nodes_beneath(name) == nodes
    assert set(GRAPH.services_beneath(name)) == set(services)


def test_a_cause_comes_before_what_it_explains() -> None:
    causes = GRAPH.causes_of(service("gateway"))
    assert [each.kind for each in causes[:2]] == ["node", "node"]
    assert causes.index(service("ray")) < causes.index(service("vllm"))


def test_what_a_node_takes_with_it_are_services_and_the_backups_that_it_makes() -> None:
    assert GRAPH.effects_of(node("clu")) == tuple(map(service, ("vllm", "ray", "memory", "gateway", "rag")))
    assert GRAPH.effects_of(node("sark"))[-1] == Component("backup", "chroma-data")
    assert GRAPH.effects_of(service("chroma")) == (service("gateway"), service("rag"))
    assert GRAPH.effects_of(Component("backup", "chroma-data")) == ()


def test_a_node_of_ray_that_an_engine_does_not_use_is_not_beneath_the_engine() -> None:
    cluster = parsed(
        "cluster: c\nnodes: {a: {address: 127.0.0.1}, b: {address: 127.0.0.2}, c: {address: 127.0.0.3}}\n"
        "services:\n  v: {kind: vllm, nodes: [b, c], url: 'http://127.0.0.2'}\n  r: {kind: ray, nodes: [a, b, c]}\n"
        "  w: {kind: vllm, nodes: [b], url: 'http://127.0.0.2:1'}\n"
    )
    graph = Dependencies(cluster)
    assert (graph.nodes_beneath("v"), graph.services_beneath("v")) == (("b", "c", "a"), ("r",)), "a: the head of Ray"
    assert (graph.nodes_beneath("w"), graph.services_beneath("w")) == (("b",), ())
    assert set(graph.nodes_beneath("r")) == {"a", "b", "c"}


def test_a_name_may_be_that_of_several_components() -> None:
    cluster = parsed(
        "cluster: c\nnodes: {web: {address: 127.0.0.1}}\n"
        "services: {web: {kind: http, nodes: [web], url: 'http://127.0.0.1'}}\n"
    )
    graph = Dependencies(cluster)
    assert graph.find("web") == (node("web"), service("web"))
    assert graph.find("nobody") == ()
    assert graph.causes_of(service("web")) == (node("web"),)


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    """Services of every kind that can depend on another, each on some of those before it: there are no circles."""
    count = draw(st.integers(1, 4))
    nodes = [f"n{number}" for number in range(count)]
    some = st.lists(st.sampled_from(nodes), min_size=1, unique=True)
    services: dict[str, object] = {}
    for number in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["http", "vllm", "ray", "rag"]))
        url = {} if kind in {"ray", "rag"} else {"url": f"http://127.0.0.1:{8000 + number}"}
        beneath = [name for name in services if kind != "ray"]
        needed = draw(st.lists(st.sampled_from(beneath), unique=True)) if beneath else []
        stages = {"stages": [{"operation": "http", "url": "http://127.0.0.1"}]} if kind == "rag" else {}
        services[f"s{number}"] = {"kind": kind, "nodes": draw(some), "depends_on": needed, **url, **stages}
    value = {
        "cluster": "c",
        "nodes": {name: {"address": f"127.0.0.{number + 1}"} for number, name in enumerate(nodes)},
        "services": services,
        "monitoring": {"nodes": nodes[:1]},
    }
    return Cluster.model_validate(value)


def everything(cluster: Cluster) -> Sequence[Component]:
    return [*map(node, cluster.nodes), *map(service, cluster.services)]


@settings(max_examples=60, deadline=None)
@given(clusters())
def test_effects_are_causes_seen_from_the_other_end_and_nothing_needs_itself(cluster: Cluster) -> None:
    graph = Dependencies(cluster)
    for one in everything(cluster):
        causes = graph.causes_of(one)
        assert one not in causes
        assert len(set(causes)) == len(causes)
        assert all((one in graph.effects_of(other)) == (other in causes) for other in everything(cluster))


@settings(max_examples=60, deadline=None)
@given(clusters())
def test_what_a_service_names_is_beneath_it_and_all_that_is_beneath_that_service_too(cluster: Cluster) -> None:
    graph = Dependencies(cluster)
    for name, entry in cluster.services.items():
        causes = graph.causes_of(service(name))
        assert node(entry.nodes[0]) in causes
        for needed in entry.depends_on:
            assert service(needed) in causes
            deeper = {each for each in graph.causes_of(service(needed)) if each.kind == "service"}
            assert deeper <= set(causes)
            assert all(causes.index(each) < causes.index(service(needed)) for each in deeper)

from pathlib import Path

import pytest

from ragpulse import cluster_file, yaml_file
from ragpulse.errors import ConfigError
from ragpulse.inventory import Cluster
from ragpulse.tiers import addresses

EXAMPLE = Path(__file__).parent.parent / "cluster.example.yaml"
SMALLEST = (
    "cluster: home\nnodes: {box: {address: 127.0.0.1}}\n"
    "services: {db: {kind: chroma, nodes: [box], url: 'http://127.0.0.1:8001'}}\n"
)


def parse(text: str) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "c.yaml"), "c.yaml")


def test_the_example_is_the_two_node_cluster_in_full() -> None:
    cluster = cluster_file.load(EXAMPLE)
    assert list(cluster.nodes) == ["sark", "clu"]
    assert {service.kind for service in cluster.services.values()} == {"vllm", "ray", "chroma", "memory", "http", "rag"}
    assert addresses(cluster.nodes["sark"]) == {
        "home": "192.168.68.69",
        "swarm": "192.168.100.69",
        "connectx": "192.168.101.69",
    }
    assert cluster.targets.response_time is not None
    assert cluster.targets.response_time.below == 0.1
    assert cluster.monitoring_nodes() == ("sark", "clu")


def test_one_node_and_one_service_are_enough_and_get_every_default_target() -> None:
    cluster = parse(SMALLEST)
    assert cluster.targets.availability is not None
    assert cluster.targets.availability.objective == 0.999
    assert cluster.monitoring_nodes() == ("box",)


def test_null_switches_a_target_off() -> None:
    assert parse(SMALLEST + "targets: {throughput: null}\n").targets.throughput is None


def test_a_cluster_cannot_be_changed_after_it_was_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse(SMALLEST).name = "other"  # type: ignore[misc]


def test_a_merged_mapping_is_replaced_and_not_mixed() -> None:
    text = (
        "cluster: home\nnodes: {box: {address: 127.0.0.1}}\nservices:\n"
        "  one: &one {kind: vllm, nodes: [box], url: http://a, canary: {every: 20s}}\n"
        "  two: {<<: *one, url: http://b, canary: {max_tokens: 4}}\n"
    )
    two = parse(text).services["two"]
    assert two.kind == "vllm"
    assert (two.canary.every, two.canary.max_tokens) == (10.0, 4)


def test_nothing_is_changed_by_reading_it_twice() -> None:
    assert cluster_file.load(EXAMPLE) == cluster_file.load(EXAMPLE)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file"):
        cluster_file.load(tmp_path / "none.yaml")


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="/dev/zero: is larger than 1 MiB"):
        cluster_file.load(Path("/dev/zero"))
    file = tmp_path / "large.yaml"
    file.write_text(SMALLEST + "#" * 1024 * 1024)
    with pytest.raises(ConfigError, match=r"large\.yaml: is larger than 1 MiB, which no cluster file is"):
        cluster_file.load(file)
    file.write_text((SMALLEST + "#" * 1024 * 1024)[: 1024 * 1024])
    assert cluster_file.load(file).name == "home"

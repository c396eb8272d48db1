"""The cluster that a drill breaks, and the places that it takes."""

import socket
from pathlib import Path

import pytest

from ragpulse import cluster_file, yaml_file
from ragpulse.borg import state_file
from ragpulse.drill.cluster import FAST_STEP, STEP, backup_file, drill_text, record_backup
from ragpulse.drill.places import Places, free_places
from ragpulse.inventory import Cluster, Monitoring
from ragpulse.services import Memory

PLACES = Places(12_016)


def cluster(step: float, places: Places = PLACES) -> Cluster:
    text = drill_text(Path("/state"), places, "http://127.0.0.1:4000", step)
    return cluster_file.parse(yaml_file.parse(text, "cluster.yaml"), "cluster.yaml")


def addresses(found: Cluster) -> set[str]:
    return {address for node in found.nodes.values() for address in (node.address, *node.networks.values())}


def test_its_times_are_those_of_a_file_that_says_nothing_of_times() -> None:
    found = cluster(STEP)
    assert found.monitoring.scrape_interval == Monitoring().scrape_interval
    assert all(service.every is None for service in found.services.values())


def test_accelerated_everything_is_watched_more_often() -> None:
    assert cluster(FAST_STEP).monitoring.scrape_interval == FAST_STEP < STEP


def test_it_has_a_pair_a_node_with_an_agent_alone_and_a_backup() -> None:
    found = cluster(STEP)
    assert found.monitoring_nodes() == ("alpha", "beta")
    assert list(found.nodes) == ["alpha", "beta", "gamma"]
    assert {service.nodes for service in found.services.values()} == {("alpha",)}
    assert [backup.node for backup in found.backups.values()] == ["beta"]
    assert found.of_kind(Memory)["memory"].url == "http://127.0.0.1:4000"


def test_no_port_and_no_address_but_alphas_is_shared_by_two_drills() -> None:
    one, other = (cluster(STEP, Places(base)) for base in (12_000, 12_016))
    ports = [set(found.monitoring.ports.model_dump().values()) for found in (one, other)]
    relay = {Monitoring().ports.model_dump().get("relay")}
    assert ports[0] & ports[1] <= relay
    assert addresses(one) & addresses(other) == {"127.0.0.1"}


def test_places_are_taken_where_nobody_listens() -> None:
    found = free_places()
    with socket.create_server((found.address("gamma"), found.gossip)):
        assert free_places() != found


@pytest.mark.parametrize("age", [0.0, 7200.0])
def test_a_backup_is_recorded_as_old_as_it_is_said_to_be(tmp_path: Path, age: float) -> None:
    record_backup(tmp_path, age)
    state = state_file.read(backup_file(tmp_path))
    assert state is not None
    create, verify = state.runs["create"], state.runs["verify"]
    assert create.is_good
    assert verify.last_success == create.last_success == create.end
    assert create.end == pytest.approx(backup_file(tmp_path).stat().st_mtime - age, abs=5)

"""Names, ways and ports are judged once each, at the first of them that fails; networks are told apart."""

from pathlib import Path

import pytest

from exporters.checks.build import build
from exporters.checks.check import Key, Result, Scene
from exporters.checks.order import results
from exporters.checks.ways import is_detour
from ragpulse import cluster_file
from tests.fakes.hostile_server import never_accepting

TWO = """\
cluster: two
nodes:
  near: {{address: 127.0.0.1, networks: {{swarm: 127.0.1.1}}}}
  far: {{address: 127.0.0.2, port: {port}, networks: {{swarm: 127.0.1.2, other: 127.0.2.2}}}}
services:
{services}
"""


def found(folder: Path, services: str, port: int = 9477, node: str = "near") -> dict[Key, Result]:
    file = folder / "cluster.yaml"
    file.write_text(TWO.format(port=port, services=services))
    return results(build(Scene(cluster_file.load(file), node, str(file))), lambda _found, _running: None)


def failing(found: dict[Key, Result]) -> set[Key]:
    return {key for key, result in found.items() if result.state == "failed"}


def test_each_network_that_both_have_is_a_way_of_its_own_and_a_refusal_proves_it(tmp_path: Path) -> None:
    seen = found(tmp_path, "  site: {kind: http, nodes: [far], url: 'http://127.0.0.2:1/'}")
    ways = {aspect: result.state for (what, aspect), result in seen.items() if what == "node far"}
    assert ways == {"route home": "well", "route swarm": "well", "clock": "not checked"}
    assert failing(seen) == {("site", "port"), ("agent far", "port")}


def test_a_machine_that_is_silent_is_one_fault_and_all_that_lives_there_is_skipped(tmp_path: Path) -> None:
    with never_accepting("127.0.0.2") as url:
        port = int(url.rpartition(":")[2])
        seen = found(tmp_path, f"  site: {{kind: http, nodes: [far], url: '{url}/'}}", port)
    assert failing(seen) == {("node far", "route home")}
    assert f"tried port {port}" in seen["node far", "route home"].detail
    assert "ip route get 127.0.0.2" in seen["node far", "route home"].mend
    skipped = {key for key, result in seen.items() if result.root == ("node far", "route home")}
    assert skipped >= {("site", "port"), ("site", "response"), ("agent far", "answers"), ("node far", "clock")}


def test_a_silent_port_of_a_machine_that_answers_is_a_firewalls(tmp_path: Path) -> None:
    with never_accepting("127.0.0.2") as url:
        seen = found(tmp_path, f"  site: {{kind: http, nodes: [far], url: '{url}/'}}", 1)
    assert failing(seen) == {("site", "port"), ("agent far", "port")}
    assert f"let the firewall of that machine pass port {url.rpartition(':')[2]}" in seen["site", "port"].mend


@pytest.mark.parametrize(
    ("source", "meant", "is_one"),
    [
        ("192.0.2.1", "198.51.100.1", True),  # over the LAN to an address of the fast network
        ("198.51.100.1", "198.51.100.1", False),
        ("", "198.51.100.1", False),  # the kernel has no way, which the connection tells
        ("192.0.2.1", "203.0.113.1", False),  # not an address of this machine: it is no node, or behind a translation
        ("127.0.0.1", "127.0.1.1", False),
    ],
)
def test_a_way_that_leaves_by_another_network_is_a_detour(source: str, meant: str, is_one: bool) -> None:  # noqa: FBT001
    assert is_detour(source, meant, {"192.0.2.1", "198.51.100.1", "127.0.1.1"}) == is_one


def test_a_port_that_two_ask_for_is_judged_once(tmp_path: Path) -> None:
    both = "\n".join(f"  {name}: {{kind: http, nodes: [far], url: 'http://127.0.0.2:1/{name}'}}" for name in ("a", "b"))
    seen = found(tmp_path, both)
    assert ("b", "port") not in seen
    assert seen["b", "response"].root == ("a", "port")


@pytest.mark.parametrize(
    ("service", "aspect", "why"),
    [
        (
            "{kind: rag, nodes: [far], stages: [{operation: http, url: 'http://127.0.0.2:1'}]}",
            "path",
            "each service on it has checks of its own, and `contract` walks from one to the next",
        ),
        ("{kind: swarm, nodes: [far]}", "kind", "swarm is not checked by this version"),
    ],
)
def test_a_kind_that_is_not_known_here_is_not_checked_and_says_so(
    tmp_path: Path, service: str, aspect: str, why: str
) -> None:
    seen = found(tmp_path, f"  it: {service}")
    assert seen["it", aspect] == Result("not checked", why)
    assert {what for what, _ in seen} & {"it"} == {"it"}

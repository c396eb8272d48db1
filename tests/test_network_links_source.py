"""Which interfaces are shown, on which network they are, and what they say of themselves."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from exporters.link_reading import interface_addresses
from exporters.link_tiers import LinkTiers, look_up
from exporters.network_links import NetworkLinks
from exporters.source import SourceError
from ragpulse.inventory import Node
from tests.fakes.machine import Machine, shown

SPARK = {"address": "192.0.2.69", "networks": {"swarm": "198.51.100.69", "connectx": "203.0.113.69"}}


def node(**parts: Any) -> Node:
    return Node.model_validate(SPARK | parts)


def add_link(root: Path, interface: str, *, hardware: bool = True, **files: object) -> None:
    machine = Machine(root)
    folder = f"sys/class/net/{interface}"
    for name, value in ({"operstate": "up", "mtu": 1500} | files).items():
        machine.write(f"{folder}/{name}", f"{value}\n")
    if hardware:
        machine.folder(f"{folder}/device")


def source(root: Path, addresses: dict[str, list[str]], **parts: Any) -> NetworkLinks:
    return NetworkLinks(node(**parts), root, addresses=lambda: addresses)


def tiers_shown(found: dict[str, float]) -> dict[str, str]:
    """Interface → tier."""
    return {key.split('"')[1]: key.split('"')[3] for key in found if key.startswith("network_link_up")}


def test_a_link_tells_its_state_speed_packets_and_traffic(tmp_path: Path) -> None:
    add_link(tmp_path, "enp1s0f0np0", speed=200000, mtu=9000)
    for name, count in (("rx_bytes", 2**64 - 1), ("tx_bytes", 7), ("rx_errors", 1), ("tx_errors", 2)):
        Machine(tmp_path).write(f"sys/class/net/enp1s0f0np0/statistics/{name}", f"{count}\n")
    link = 'interface="enp1s0f0np0",tier="connectx"'
    assert shown(source(tmp_path, {"enp1s0f0np0": ["203.0.113.69", "fe80::1%enp1s0f0np0"]})) == {
        f"network_link_up{{{link}}}": 1,
        f"network_link_speed_bytes_per_second{{{link}}}": 25e9,
        f"network_link_mtu_bytes{{{link}}}": 9000,
        f"network_received_bytes_total{{{link}}}": 2.0**64,
        f"network_sent_bytes_total{{{link}}}": 7,
        f'network_errors_total{{{link},direction="received"}}': 1,
        f'network_errors_total{{{link},direction="sent"}}': 2,
    }


@pytest.mark.parametrize("speed", [-1, 0, 4294967295])
def test_a_speed_that_the_kernel_does_not_know_has_no_sample(tmp_path: Path, speed: int) -> None:
    add_link(tmp_path, "eth0", speed=speed)
    assert not any("speed" in key for key in shown(source(tmp_path, {})))


@pytest.mark.parametrize(
    ("files", "up"),
    [
        pytest.param({"operstate": "up"}, 1, id="up"),
        pytest.param({"operstate": "down"}, 0, id="down"),
        pytest.param({"operstate": "lowerlayerdown"}, 0, id="the layer below is down"),
        pytest.param({"operstate": "dormant"}, 0, id="waits for a log-in"),
        pytest.param({"operstate": "unknown", "carrier": 1}, 1, id="a driver that does not say, with a carrier"),
        pytest.param({"operstate": "unknown", "carrier": 0}, 0, id="a driver that does not say, without a carrier"),
        pytest.param({"operstate": "unknown"}, 0, id="a driver that says nothing at all"),
    ],
)
def test_a_link_is_up_when_the_kernel_says_so(tmp_path: Path, files: dict[str, Any], up: float) -> None:
    add_link(tmp_path, "eth0", **files)
    assert shown(source(tmp_path, {}))['network_link_up{interface="eth0",tier=""}'] == up


def test_an_interface_that_goes_while_we_look_has_no_state(tmp_path: Path) -> None:
    Machine(tmp_path).folder("sys/class/net/eth0/device")
    assert shown(source(tmp_path, {})) == {}


def test_virtual_interfaces_are_left_out_unless_they_hold_an_address_of_the_node(tmp_path: Path) -> None:
    for virtual in ("lo", "docker0", "veth12", "br0"):
        add_link(tmp_path, virtual, hardware=False)
    add_link(tmp_path, "enp1s0f0np0v3")
    Machine(tmp_path).folder("sys/class/net/enp1s0f0np0v3/device/physfn")
    add_link(tmp_path, "wlan0")
    found = shown(source(tmp_path, {"lo": ["127.0.0.1"], "br0": ["192.0.2.69"], "docker0": ["172.17.0.1"]}))
    assert tiers_shown(found) == {"br0": "home", "wlan0": ""}


def test_loopback_is_shown_where_a_node_lives_on_it(tmp_path: Path) -> None:
    add_link(tmp_path, "lo", hardware=False)
    # The interface lists 127.0.0.1 only; the kernel answers on every address of that network.
    assert tiers_shown(shown(source(tmp_path, {"lo": ["127.0.0.1", "::1"]}, address="127.0.0.2"))) == {"lo": "home"}


def test_interfaces_that_the_file_names_belong_to_their_tier_and_are_down_when_missing(tmp_path: Path) -> None:
    add_link(tmp_path, "bond0", hardware=False)
    named = {"tiers": {"connectx": {"interfaces": ["bond0", "enP2p1s0f0np0"]}}}
    found = shown(source(tmp_path, {"bond0": ["192.0.2.69"]}, **named))
    assert tiers_shown(found) == {"bond0": "connectx", "enP2p1s0f0np0": "connectx"}
    assert found['network_link_up{interface="enP2p1s0f0np0",tier="connectx"}'] == 0


def test_of_two_networks_on_one_link_the_first_of_the_file_names_it() -> None:
    tiers = LinkTiers(node()).of({"eth0": ["198.51.100.69", "192.0.2.69"]})
    assert tiers == {"eth0": "home"}


def test_a_link_that_lost_its_address_keeps_its_tier_until_another_link_has_it(tmp_path: Path) -> None:
    held: dict[str, list[str]] = {"eth0": ["192.0.2.69"], "eth1": ["203.0.113.69"]}
    links = NetworkLinks(node(), tmp_path, addresses=lambda: held)
    add_link(tmp_path, "eth0")
    add_link(tmp_path, "eth1")
    shown(links)
    held["eth1"] = []
    add_link(tmp_path, "eth1", operstate="down")
    assert shown(links)['network_link_up{interface="eth1",tier="connectx"}'] == 0
    shutil.rmtree(tmp_path / "sys/class/net/eth1")
    assert shown(links)['network_link_up{interface="eth1",tier="connectx"}'] == 0
    add_link(tmp_path, "eth2")
    held["eth2"] = ["203.0.113.69"]
    assert tiers_shown(shown(links)) == {"eth0": "home", "eth2": "connectx"}


def test_spellings_of_one_address_are_one_address() -> None:
    tiers = LinkTiers(node(networks={"six": "2001:db8::1"}))
    assert tiers.of({"eth1": ["2001:0db8:0:0::0001%eth1"]}) == {"eth1": "six"}


def test_a_host_name_is_looked_up_until_it_is_known_and_then_no_more() -> None:
    answers: list[set[str]] = [set(), {"192.0.2.69"}]
    tiers = LinkTiers(node(address="sark.example"), resolve=lambda _: answers.pop(0))
    assert [tiers.of({"eth0": ["192.0.2.69"]}) for _ in range(3)] == [{}, {"eth0": "home"}, {"eth0": "home"}]


def test_names_are_looked_up_by_the_system() -> None:
    assert look_up("127.1") == {"127.0.0.1"}, "the system's own short spelling, which needs no table of hosts"
    assert look_up("not..a..name") == set()


def test_a_machine_that_tells_of_no_links_gives_no_sample(tmp_path: Path) -> None:
    assert shown(source(tmp_path, {}, tiers={"home": {"interfaces": ["eth0"]}})) == {}


def test_a_garbled_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    add_link(tmp_path, "eth0", mtu="large")
    with pytest.raises(SourceError, match="sys/class/net/eth0/mtu: has an unknown form"):
        shown(source(tmp_path, {}))


def test_the_real_loopback_is_up_and_counts_alike_for_a_second_reader() -> None:
    found = shown(NetworkLinks(node(address="127.0.0.1")))
    assert found['network_link_up{interface="lo",tier="home"}'] == 1
    assert "127.0.0.1" in interface_addresses()["lo"]
    before = int(Path("/sys/class/net/lo/statistics/rx_bytes").read_text())
    assert 0 < found['network_received_bytes_total{interface="lo",tier="home"}'] <= before

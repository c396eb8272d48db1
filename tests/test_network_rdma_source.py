"""Which RDMA ports are shown, and what they say of themselves.

The trees are made by hand from the kernel's description of these files, and are no recordings of a machine
(Documentation/ABI/stable/sysfs-class-infiniband).
"""

import errno
import os
import shutil
from pathlib import Path

import pytest

from exporters.network_rdma import NetworkRdma
from exporters.source import SourceError
from ragpulse.inventory import Node
from tests.fakes.machine import Machine, shown

NODE = Node.model_validate({"address": "192.0.2.69", "networks": {"connectx": "203.0.113.69"}})
CLASS = "sys/class/infiniband"
PORT = f"{CLASS}/mlx5_0/ports/1"
ROCE = {
    "state": "4: ACTIVE",
    "phys_state": "5: LinkUp",
    "rate": "200 Gb/sec (4X HDR)",
    "link_layer": "Ethernet",
    "gid_attrs/ndevs/0": "enp1s0f0np0",
    "counters/port_rcv_data": 1000,
    "counters/port_xmit_data": 2**64 - 1,
    "counters/port_xmit_packets": 7,
    "counters/port_xmit_wait": 8,
    "counters/port_rcv_errors": 9,
    "counters/symbol_error": 10,
    "counters/link_downed": 11,
    "hw_counters/np_cnp_sent": 12,
    "hw_counters/rp_cnp_handled": 13,
    "hw_counters/out_of_sequence": 14,
    "hw_counters/packet_seq_err": 15,
    "hw_counters/roce_adp_retrans": 16,
    "hw_counters/local_ack_timeout_err": 17,
}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def add_port(machine: Machine, files: dict[str, object], port: str = PORT) -> None:
    for name, value in files.items():
        machine.write(f"{port}/{name}", f"{value}\n")


def source(machine: Machine) -> NetworkRdma:
    addresses = {"eth0": ["192.0.2.69"], "enp1s0f0np0": ["203.0.113.69"]}
    return NetworkRdma(NODE, machine.root, addresses=lambda: addresses)


def interface_shown(machine: Machine) -> str:
    (info,) = (name for name in shown(source(machine)) if name.startswith("rdma_port_info"))
    return info.split('"')[5]


def test_a_roce_port_tells_its_state_rate_traffic_congestion_and_losses(machine: Machine) -> None:
    add_port(machine, ROCE)
    port = 'port="mlx5_0/1",tier="connectx"'
    assert shown(source(machine)) == {
        f'rdma_port_info{{{port},interface="enp1s0f0np0",link_layer="Ethernet"}}': 1,
        f"rdma_port_up{{{port}}}": 1,
        f"rdma_physical_link_up{{{port}}}": 1,
        f"rdma_speed_bytes_per_second{{{port}}}": 25e9,
        f"rdma_received_bytes_total{{{port}}}": 4000,
        f"rdma_sent_bytes_total{{{port}}}": 2.0**66,
        f"rdma_sent_packets_total{{{port}}}": 7,
        f"rdma_send_waits_total{{{port}}}": 8,
        f'rdma_errors_total{{{port},kind="port_rcv_errors"}}': 9,
        f'rdma_errors_total{{{port},kind="symbol_error"}}': 10,
        f'rdma_errors_total{{{port},kind="link_downed"}}': 11,
        f'rdma_congestion_notifications_total{{{port},direction="sent"}}': 12,
        f'rdma_congestion_notifications_total{{{port},direction="handled"}}': 13,
        f'rdma_losses_total{{{port},kind="out_of_sequence"}}': 14,
        f'rdma_losses_total{{{port},kind="packet_seq_err"}}': 15,
        f'rdma_losses_total{{{port},kind="roce_adp_retrans"}}': 16,
        f'rdma_losses_total{{{port},kind="local_ack_timeout_err"}}': 17,
    }


@pytest.mark.parametrize(
    ("state", "link", "up", "linked"),
    [
        ("4: ACTIVE", "5: LinkUp", 1, 1),
        ("5: ACTIVE_DEFER", "6: LinkErrorRecovery", 1, 0),
        ("2: INIT", "5: LinkUp", 0, 1),
        ("1: DOWN", "3: Disabled", 0, 0),
    ],
)
def test_a_port_is_up_when_it_is_active_whatever_its_cable_says(
    machine: Machine, state: str, link: str, up: float, linked: float
) -> None:
    add_port(machine, ROCE | {"state": state, "phys_state": link})
    found = shown(source(machine))
    port = 'port="mlx5_0/1",tier="connectx"'
    assert (found[f"rdma_port_up{{{port}}}"], found[f"rdma_physical_link_up{{{port}}}"]) == (up, linked)
    assert any("speed" in name for name in found) == bool(up), "the rate of a port that is down was never negotiated"


@pytest.mark.parametrize(("rate", "speed"), [("2.5 Gb/sec (1X SDR)", 0.3125e9), ("400 Gb/sec (4X NDR)", 50e9)])
def test_a_rate_is_understood_whatever_its_width(machine: Machine, rate: str, speed: float) -> None:
    add_port(machine, ROCE | {"rate": rate})
    assert shown(source(machine))['rdma_speed_bytes_per_second{port="mlx5_0/1",tier="connectx"}'] == speed


def test_a_machine_without_such_a_port_has_no_series(machine: Machine) -> None:
    assert shown(source(machine)) == {}
    machine.folder(CLASS)
    assert shown(source(machine)) == {}


def test_counters_that_a_driver_does_not_have_have_no_series(machine: Machine) -> None:
    add_port(machine, {"state": "4: ACTIVE", "hw_counters/rcvd_pkts": 3})
    assert shown(source(machine)) == {'rdma_port_up{port="mlx5_0/1",tier=""}': 1}


def test_an_infiniband_port_is_on_the_network_of_the_one_interface_beside_it(machine: Machine) -> None:
    add_port(machine, {"link_layer": "InfiniBand"})
    machine.folder(f"{CLASS}/mlx5_0/device/net/ib0")
    assert interface_shown(machine) == "ib0"
    machine.folder(f"{CLASS}/mlx5_0/device/net/ib1")
    assert interface_shown(machine) == "", "of two it cannot be told"


def test_virtual_functions_are_left_out(machine: Machine) -> None:
    add_port(machine, ROCE)
    add_port(machine, ROCE, f"{CLASS}/mlx5_4/ports/1")
    machine.folder(f"{CLASS}/mlx5_4/device/physfn")
    assert {name.split('"')[1] for name in shown(source(machine))} == {"mlx5_0/1"}


def test_a_card_that_is_pulled_while_the_agent_runs_takes_its_series_along(machine: Machine) -> None:
    add_port(machine, ROCE)
    add_port(machine, ROCE, f"{CLASS}/mlx5_1/ports/1")
    rdma = source(machine)
    assert len(shown(rdma)) == 34
    shutil.rmtree(machine.root / CLASS / "mlx5_1")
    assert len(shown(rdma)) == 17
    shutil.rmtree(machine.root / PORT)
    assert shown(rdma) == {}


COUNTS = [name for name in ROCE if "counters/" in name]
WRONG = [
    *((name, text) for name in COUNTS for text in ("", "N/A", "-1", f"{2**128}")),
    *((name, text) for name in ("state", "phys_state") for text in ("", "ACTIVE", "4" * 5000)),
    *(
        ("rate", text)
        for text in ("", "200", "200 Mb/sec (4X)", "nan Gb/sec (4X)", "-1 Gb/sec (4X)", "inf Gb/sec (4X)")
    ),
]


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_what_cannot_be_understood_is_an_error_that_names_the_file(machine: Machine, name: str, text: str) -> None:
    add_port(machine, ROCE | {name: text})
    with pytest.raises(SourceError, match=f"{PORT}/{name}: has an unknown form"):
        shown(source(machine))


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENODEV, errno.EOPNOTSUPP])
@pytest.mark.parametrize("name", sorted(ROCE))
def test_a_file_that_has_no_value_now_costs_only_what_stands_in_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    add_port(machine, ROCE)
    real = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path == machine.root / PORT / name:
            raise OSError(number, os.strerror(number))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    missing = {"state": 2, "gid_attrs/ndevs/0": 0}.get(name, 1)  # of a port that is not active no speed is shown
    assert len(shown(source(machine))) == 17 - missing

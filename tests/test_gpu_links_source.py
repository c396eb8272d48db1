"""PCIe and NVLink: the driver's counters, however this card has them, and never a placeholder."""

import pytest

from exporters.gpu_links import GpuLinks
from tests.fakes.gpu_rig import Build, GpuRig
from tests.fakes.machine import shown

ROUND = 1 << 32
NO = "NVML_ERROR_NOT_SUPPORTED"
SENT = "gpu_pcie_transmitted_bytes_total"
NVLINK_SENT, NVLINK_RECEIVED = "gpu_nvlink_transmitted_bytes_total", "gpu_nvlink_received_bytes_total"


def links(machine: GpuRig) -> GpuLinks:
    return GpuLinks(machine.nvml, machine.root, machine.clock)


def first(source: GpuLinks) -> dict[str, float]:
    """What is said of GPU 0, its label left out."""
    label = 'gpu="0"'
    found = {name: value for name, value in shown(source).items() if label in name}
    return {name.replace(f"{{{label}}}", "").replace(f"{label},", ""): value for name, value in found.items()}


def test_a_card_with_nvlink_is_read_whole(gpu_rig: Build) -> None:
    assert first(links(gpu_rig("h100x8_mig"))) == {
        'gpu_pcie_link_generation{of="current"}': 5,
        'gpu_pcie_link_generation{of="max"}': 5,
        'gpu_pcie_link_lanes{of="current"}': 16,
        'gpu_pcie_link_lanes{of="max"}': 16,
        SENT: 987654321,
        "gpu_pcie_received_bytes_total": 1987654321,
        "gpu_pcie_replays_total": 0,
        NVLINK_SENT: 7000000 * 1024,
        NVLINK_RECEIVED: 7000000 * 1024,
        **{f'gpu_nvlink_errors_total{{kind="{kind}"}}': 0 for kind in ("crc_flit", "crc_data", "replay", "recovery")},
        "gpu_nvlinks_active": 18,
    }


def test_gb10_has_no_pcie_whatever_nvml_says_of_it(gpu_rig: Build) -> None:
    as_if = {"94": {"uint": 0}, "197": {"ullong": 5}, "198": {"ullong": 6}}
    assert shown(links(gpu_rig("spark_busy", fields=as_if))) == {}


def test_a_card_without_nvlink_says_nothing_of_it(gpu_rig: Build) -> None:
    found = first(links(gpu_rig("rtx_4090")))
    assert not any("nvlink" in name for name in found)
    assert found['gpu_pcie_link_generation{of="max"}'] == 4


def test_a_counter_of_32_bits_that_goes_round_is_followed(gpu_rig: Build) -> None:
    machine = gpu_rig("rtx_4090")
    source = links(machine)
    counted = []
    for sent in (ROUND - 300, ROUND - 100, 50, 250):
        machine.library.set_field(0, 197, {"uint": sent})
        counted.append(first(source)[SENT])
    assert counted == [ROUND - 300, ROUND - 100, ROUND + 50, ROUND + 250]


def test_a_driver_that_counts_from_0_again_adds_no_leap(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig")
    source = links(machine)
    counted = []
    for kib in (900, 1000, 3, 5):
        machine.library.set_field(0, 138, {"ullong": kib})
        machine.nvml.open()
        counted.append(first(source)[NVLINK_SENT] / 1024)
    assert counted == [900, 1000, 1000, 1002]


def test_links_that_are_only_counted_each_for_itself_are_added_up(gpu_rig: Build) -> None:
    each = {f"202@{link}": {"ullong": 100 + link} for link in range(18)}
    each |= {f"204@{link}": {"ullong": 1000} for link in range(18)}
    each |= {f"161@{link}": {"ullong": 2} for link in range(18)}
    gone = dict.fromkeys(("138", "139", "38", "45", "52", "59"), NO)
    found = first(links(gpu_rig("h100x8_mig", fields=each | gone)))
    assert found[NVLINK_SENT] == sum(100 + link for link in range(18))
    assert found[NVLINK_RECEIVED] == 18 * 1000
    assert found['gpu_nvlink_errors_total{kind="replay"}'] == 18 * 2
    assert 'gpu_nvlink_errors_total{kind="crc_data"}' not in found


def test_a_sum_that_lacks_a_link_for_once_is_left_as_it_was(gpu_rig: Build) -> None:
    each = {f"202@{link}": {"ullong": 100} for link in range(18)}
    machine = gpu_rig("h100x8_mig", fields=each | {"138": NO})
    source = links(machine)
    assert first(source)[NVLINK_SENT] == 1800
    machine.library.plugged[0].fields["202@3"] = NO
    assert first(source)[NVLINK_SENT] == 1800
    machine.library.plugged[0].fields["202@3"] = {"ullong": 150}
    assert first(source)[NVLINK_SENT] == 1850


def test_links_that_are_down_are_not_active(gpu_rig: Build) -> None:
    states = {str(link): int(link not in (2, 5)) for link in range(18)}
    machine = gpu_rig("h100x8_mig", answers={"nvmlDeviceGetNvLinkState": states})
    assert first(links(machine))["gpu_nvlinks_active"] == 16


@pytest.mark.parametrize("scenario", ["h100x8_mig", "rtx_4090", "spark_busy"])
def test_the_call_that_blocks_is_never_made(gpu_rig: Build, scenario: str) -> None:
    machine = gpu_rig(scenario)
    source = links(machine)
    for _ in range(3):
        list(source.read())
    assert not machine.library.calls["nvmlDeviceGetPcieThroughput"]


def test_a_run_makes_one_call_for_all_counters(gpu_rig: Build) -> None:
    machine = gpu_rig("rtx_4090")
    source = links(machine)
    list(source.read())
    machine.library.calls.clear()
    list(source.read())
    assert machine.library.calls == {
        "nvmlDeviceGetFieldValues": 1, "nvmlDeviceGetCurrPcieLinkGeneration": 1, "nvmlDeviceGetCurrPcieLinkWidth": 1,
    }  # fmt: skip

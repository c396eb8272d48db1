"""ECC errors, replaced rows, retired pages."""

import pytest

from exporters.gpu_faults import GpuFaults
from exporters.nvml_error import NvmlError
from ragpulse.catalogue.gpu_errors import RETIREMENTS
from tests.fakes.gpu_rig import Build
from tests.fakes.machine import shown

CORRECTED = 'gpu_ecc_errors_total{gpu="0",severity="corrected"}'


def first(source: GpuFaults) -> dict[str, float]:
    return {name: value for name, value in shown(source).items() if 'gpu="0"' in name}


def test_a_card_with_ecc_tells_errors_over_its_life_and_rows(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig")
    assert first(GpuFaults(machine.nvml)) == {
        CORRECTED: 3,
        'gpu_ecc_errors_total{gpu="0",severity="uncorrected"}': 0,
        'gpu_remapped_rows{gpu="0",state="corrected"}': 1,
        'gpu_remapped_rows{gpu="0",state="uncorrected"}': 0,
        'gpu_remapped_rows{gpu="0",state="pending"}': 0,
        'gpu_remapped_rows{gpu="0",state="failed"}': 0,
    }


def test_pages_of_an_older_card_are_told_by_cause(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig", fields={"29": {"uint": 4}, "30": {"uint": 1}, "31": {"uint": 1}})
    found = first(GpuFaults(machine.nvml))
    pages = [found[f'gpu_retired_pages{{gpu="0",cause="{cause}"}}'] for cause in RETIREMENTS]
    assert pages == [4, 1, 1]


@pytest.mark.parametrize("scenario", ["rtx_4090", "spark_busy"])
def test_a_card_without_ecc_says_nothing(gpu_rig: Build, scenario: str) -> None:
    assert shown(GpuFaults(gpu_rig(scenario).nvml)) == {}


def test_all_is_asked_in_one_call_for_each_gpu(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig")
    machine.library.calls.clear()
    list(GpuFaults(machine.nvml).read())
    assert machine.library.calls == {"nvmlDeviceGetFieldValues": 8}


def test_errors_that_were_cleared_do_not_come_again(gpu_rig: Build) -> None:
    machine = gpu_rig("h100x8_mig")
    source = GpuFaults(machine.nvml)
    counted = []
    for errors in (3, 3, 0, 0, 2):
        machine.library.set_field(0, 5, {"ullong": errors})
        counted.append(first(source)[CORRECTED])
    assert counted == [3, 3, 3, 3, 5]


def test_a_field_that_says_that_the_gpu_is_lost_loses_it(gpu_rig: Build) -> None:
    machine = gpu_rig("rtx_4090", fields={"5": "NVML_ERROR_GPU_IS_LOST"})
    with pytest.raises(NvmlError, match="gpu_is_lost to field 5 of GPU 0"):
        list(GpuFaults(machine.nvml).read())
    assert machine.nvml.gpus() == ()

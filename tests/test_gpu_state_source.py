"""Whether GPUs can be read here, and which: a fact where there are none, a fault where one cannot be read."""

from pathlib import Path

import pynvml
import pytest

from exporters.gpu_state import GpuState
from exporters.nvml import Nvml
from exporters.nvml_error import LIBRARY_MISSING, NvmlError
from tests.fakes.gpu_machine import NewMachine, reasons, state, up
from tests.fakes.machine import Machine, shown


def no_library() -> None:
    raise NvmlError(LIBRARY_MISSING, "its loader")


def test_gpus_that_answer_are_ready_and_nvml_is_opened_once_for_all_runs(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("h100x8_mig")
    for _ in range(30):
        found = machine.look()
        assert (state(found), found["gpu_devices"], reasons(found)) == ("ready", 8, set())
        assert up(found) == dict.fromkeys("01234567", 1.0)
    assert machine.library.calls["nvmlInitWithFlags"] == 1
    assert machine.library.calls["nvmlShutdown"] == 0


@pytest.mark.parametrize(
    ("scenario", "model", "kind", "vbios"),
    [
        ("spark_busy", "NVIDIA GB10", "unified", "9A.0B.10.00.00"),
        ("rtx_4090", "NVIDIA GeForce RTX 4090", "dedicated", "95.02.3C.00.8A"),
    ],
)
def test_a_gpu_is_told_with_its_identity_and_versions(
    gpu_machine: NewMachine, scenario: str, model: str, kind: str, vbios: str
) -> None:
    machine = gpu_machine(scenario)
    driver = machine.library.scenario["system"]["nvmlSystemGetDriverVersion"]
    uuid = machine.library.plugged[0].uuid
    found = machine.look()
    assert found[f'gpu_info{{gpu="0",uuid="{uuid}",model="{model}",driver="{driver}",memory_kind="{kind}"}}'] == 1
    assert found[f'gpu_software_info{{gpu="0",cuda="13.0",vbios="{vbios}",gsp="{driver}"}}'] == 1


def test_versions_that_a_card_does_not_tell_are_empty(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("rtx_4090")
    machine.library.absent |= {"nvmlDeviceGetGspFirmwareVersion", "nvmlSystemGetCudaDriverVersion_v2"}
    assert 'gpu_software_info{gpu="0",cuda="",vbios="95.02.3C.00.8A",gsp=""}' in machine.look()


def test_a_driver_without_devices_is_none_and_nvml_does_not_stay_open(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("rtx_4090")
    machine.library.unplug(0)
    machine.take_off_bus(0)
    found = machine.look()
    assert (state(found), found["gpu_devices"], reasons(found)) == ("none", 0, set())
    assert machine.library.opened == 0


def test_gpus_that_the_file_disables_are_never_asked(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("rtx_4090")
    found = shown(GpuState(machine.nvml, disabled=True, root=machine.root))
    assert state(found) == "disabled"
    assert len(found) == 4
    assert not machine.library.calls


def test_a_reload_that_disables_gpus_closes_nvml(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("rtx_4090")
    machine.look()
    shown(GpuState(machine.nvml, disabled=True, root=machine.root))
    assert machine.library.opened == 0
    assert machine.nvml.gpus() == ()


@pytest.mark.parametrize("reason", ["library_not_found", "driver_not_loaded"])
@pytest.mark.parametrize(
    ("vendor", "kind", "expected"),
    [
        pytest.param("0x10de", "0x030200", "unavailable", id="an NVIDIA GPU on the bus"),
        pytest.param("0x10de", "0x030000", "unavailable", id="an NVIDIA graphics card on the bus"),
        pytest.param("0x10de", "0x040300", "none", id="only the sound of an NVIDIA card on the bus"),
        pytest.param("0x1af4", "0x030000", "none", id="a virtual graphics card on the bus"),
    ],
)
def test_without_library_or_driver_the_bus_says_whether_a_gpu_is_missed(
    tmp_path: Path, reason: str, vendor: str, kind: str, expected: str
) -> None:
    def load() -> None:
        raise NvmlError(reason, "whoever asks")

    machine = Machine(tmp_path)
    machine.write("sys/bus/pci/devices/000f:01:00.0/vendor", f"{vendor}\n")
    machine.write("sys/bus/pci/devices/000f:01:00.0/class", f"{kind}\n")
    found = shown(GpuState(Nvml(load), root=tmp_path))
    assert state(found) == expected
    assert reasons(found) == ({reason} if expected == "unavailable" else set())
    assert found.get("gpu_devices") == (0 if expected == "none" else None)


def test_a_gpu_that_is_plugged_in_before_its_library_comes_is_missed_at_the_next_run(tmp_path: Path) -> None:
    source = GpuState(Nvml(no_library), root=tmp_path)
    assert state(shown(source)) == "none"
    machine = Machine(tmp_path)
    for name, text in (("vendor", "0x10de"), ("class", "0x030200")):
        machine.write(f"sys/bus/pci/devices/000f:01:00.0/{name}", f"{text}\n")
    assert state(shown(source)) == "unavailable"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param("NVML_ERROR_NO_PERMISSION", "no_permission", id="may not be opened"),
        pytest.param("NVML_ERROR_LIB_RM_VERSION_MISMATCH", "lib_rm_version_mismatch", id="a library of another driver"),
        pytest.param("NVML_ERROR_UNKNOWN", "unknown", id="an error that says nothing"),
    ],
)
def test_what_the_driver_refuses_is_unavailable_with_its_reason(
    gpu_machine: NewMachine, error: str, reason: str
) -> None:
    machine = gpu_machine("rtx_4090")
    machine.library.init_error = error
    found = machine.look()
    assert (state(found), found.get("gpu_devices"), reasons(found), up(found)) == ("unavailable", None, {reason}, {})
    machine.library.init_error = None
    assert state(machine.look()) == "ready"


def test_one_gpu_that_this_user_may_not_open_leaves_the_others(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("h100x8_mig")
    machine.library.fail("nvmlDeviceGetHandleByIndex_v2", "NVML_ERROR_NO_PERMISSION", after=2)
    for _ in range(20):
        found = machine.look()
        assert (state(found), found["gpu_devices"], reasons(found)) == ("unavailable", 8, {"no_permission"})
        assert len(up(found)) == 7
    assert machine.nvml.openings == 1, "a permission does not mend itself"


def test_a_gpu_that_answers_with_an_error_is_down_and_the_others_are_not(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("h100x8_mig")
    machine.look()
    machine.library.set_answer(5, "nvmlDeviceGetTemperature", "NVML_ERROR_UNKNOWN")
    found = machine.look()
    assert (state(found), reasons(found)) == ("unavailable", {"unknown"})
    assert [label for label, value in up(found).items() if not value] == ["5"]


def test_the_real_binding_agrees_with_this_machine() -> None:
    found = shown(GpuState(Nvml()))
    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        pynvml.nvmlShutdown()
    except pynvml.NVMLError_LibraryNotFound:
        vendors = [path.read_text().strip() for path in Path("/sys/bus/pci/devices").glob("*/vendor")]
        assert state(found) == ("unavailable" if "0x10de" in vendors else "none")
    else:
        assert state(found) == ("ready" if count else "none")

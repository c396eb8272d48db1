"""Whether GPUs can be read here: a fact when there are none, a fault when there is one and it cannot be read."""

from pathlib import Path
from typing import Any

import pytest

from exporters.gpu_state import GpuState, nvml_module
from tests.fakes import nvml
from tests.fakes.machine import Machine, shown
from tests.fakes.nvml import FakeNvml


def reading(source: GpuState) -> tuple[str, float | None, str | None]:
    """State, number of devices, reason."""
    found = shown(source)
    (state,) = (key.split('"')[1] for key, value in found.items() if key.startswith("gpu_state{") and value == 1)
    assert sum(key.startswith("gpu_state{") for key in found) == 4
    reason = next((key.split('"')[1] for key in found if key.startswith("gpu_unavailable")), None)
    return state, found.get("gpu_devices"), reason


def missing() -> Any:
    raise ImportError


def add_to_bus(root: Path, vendor: str, kind: str) -> None:
    machine = Machine(root)
    machine.write("sys/bus/pci/devices/000f:01:00.0/vendor", f"{vendor}\n")
    machine.write("sys/bus/pci/devices/000f:01:00.0/class", f"{kind}\n")


def test_devices_that_open_are_ready_and_nvml_is_closed_again(tmp_path: Path) -> None:
    fake = FakeNvml(devices=2)
    assert reading(GpuState(nvml=lambda: fake, root=tmp_path)) == ("ready", 2, None)
    assert fake.opened == 0


def test_a_driver_without_devices_is_none(tmp_path: Path) -> None:
    assert reading(GpuState(nvml=lambda: FakeNvml(devices=0), root=tmp_path)) == ("none", 0, None)


def test_a_machine_without_the_binding_is_none(tmp_path: Path) -> None:
    assert reading(GpuState(nvml=missing, root=tmp_path)) == ("none", 0, None)


def test_gpus_that_the_file_disables_are_never_asked(tmp_path: Path) -> None:
    fake = FakeNvml()
    assert reading(GpuState(disabled=True, nvml=lambda: fake, root=tmp_path)) == ("disabled", None, None)
    assert fake.calls == 0


@pytest.mark.parametrize("error", [nvml.NVMLError_LibraryNotFound(), nvml.NVMLError_DriverNotLoaded()])
@pytest.mark.parametrize(
    ("vendor", "kind", "state"),
    [
        pytest.param("0x10de", "0x030200", "unavailable", id="an NVIDIA GPU on the bus"),
        pytest.param("0x10de", "0x030000", "unavailable", id="an NVIDIA graphics card on the bus"),
        pytest.param("0x10de", "0x040300", "none", id="only the sound of an NVIDIA card on the bus"),
        pytest.param("0x1af4", "0x030000", "none", id="a virtual graphics card on the bus"),
    ],
)
def test_without_library_or_driver_the_bus_says_whether_a_gpu_is_missed(
    tmp_path: Path, error: Exception, vendor: str, kind: str, state: str
) -> None:
    fake = FakeNvml()
    fake.init_error = error
    add_to_bus(tmp_path, vendor, kind)
    found, _, reason = reading(GpuState(nvml=lambda: fake, root=tmp_path))
    assert found == state
    assert reason in {None, "library_not_found", "driver_not_loaded"}
    assert (reason is None) == (state == "none")
    assert fake.opened == 0


@pytest.mark.parametrize(
    ("call", "error", "devices", "reason"),
    [
        pytest.param("init_error", nvml.NVMLError_NoPermission(), None, "no_permission", id="may not be opened"),
        pytest.param("init_error", nvml.NVMLError(), None, "unknown", id="an error of later drivers"),
        pytest.param("count_error", nvml.NVMLError_GpuIsLost(), None, "gpu_is_lost", id="cannot be counted"),
        pytest.param("handle_error", nvml.NVMLError_GpuIsLost(), 1, "gpu_is_lost", id="counted, but fell off the bus"),
    ],
)
def test_what_the_driver_refuses_is_unavailable_with_its_reason(
    tmp_path: Path, call: str, error: Exception, devices: float | None, reason: str
) -> None:
    fake = FakeNvml()
    setattr(fake, call, error)
    assert reading(GpuState(nvml=lambda: fake, root=tmp_path)) == ("unavailable", devices, reason)
    assert fake.opened == 0


def test_a_gpu_that_is_lost_while_closing_was_still_read(tmp_path: Path) -> None:
    fake = FakeNvml()
    fake.shutdown_error = nvml.NVMLError_GpuIsLost()
    assert reading(GpuState(nvml=lambda: fake, root=tmp_path)) == ("ready", 1, None)


def test_a_driver_that_is_loaded_later_is_seen_at_the_next_run(tmp_path: Path) -> None:
    fake = FakeNvml()
    source = GpuState(nvml=lambda: fake, root=tmp_path)
    fake.init_error = nvml.NVMLError_DriverNotLoaded()
    assert reading(source)[0] == "none"
    fake.init_error = None
    assert reading(source)[0] == "ready"


def test_the_real_binding_agrees_with_this_machine() -> None:
    state, devices, reason = reading(GpuState())
    binding = nvml_module()
    try:
        binding.nvmlInit()
        count = binding.nvmlDeviceGetCount()
        binding.nvmlShutdown()
    except binding.NVMLError_LibraryNotFound:
        vendors = [path.read_text().strip() for path in Path("/sys/bus/pci/devices").glob("*/vendor")]
        expected = ("unavailable", None, "library_not_found") if "0x10de" in vendors else ("none", 0, None)
        assert (state, devices, reason) == expected
    else:
        assert (state, devices) == ("ready" if count else "none", count)

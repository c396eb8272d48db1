"""What the driver asks for to recover a GPU, as one of a fixed set of actions."""

import pynvml
import pytest

from exporters.gpu_recovery import GpuRecovery
from exporters.source import PartError
from ragpulse.catalogue.gpu_errors import RECOVERY_ACTIONS
from ragpulse.metric import Sample
from tests.fakes.gpu_machine import NewMachine
from tests.fakes.machine import shown


def current(found: dict[str, float]) -> dict[str, str]:
    """GPU → action."""
    return dict(key.split('"')[1:4:2] for key, value in found.items() if value)


def test_the_actions_are_those_of_the_binding_in_the_order_of_their_numbers() -> None:
    prefix = "NVML_GPU_RECOVERY_ACTION_"
    numbers = {
        name.removeprefix(prefix).lower(): value for name, value in vars(pynvml).items() if name.startswith(prefix)
    }
    assert sorted(numbers, key=lambda name: numbers[name]) == list(RECOVERY_ACTIONS[:-1])
    assert sorted(numbers.values()) == list(range(len(numbers)))
    assert pynvml.NVML_FI_DEV_GET_GPU_RECOVERY_ACTION == 230


@pytest.mark.parametrize(
    ("number", "action"),
    [(0, "none"), (1, "gpu_reset"), (2, "node_reboot"), (4, "drain_and_reset"), (7, "system_reboot"), (99, "unknown")],
)
def test_a_gpu_is_told_with_the_action_that_its_driver_asks_for(
    gpu_machine: NewMachine, number: int, action: str
) -> None:
    machine = gpu_machine("h100x8_mig")
    machine.look()
    machine.library.set_field(2, 230, {"uint": number})
    found = shown(GpuRecovery(machine.nvml))
    assert len(found) == 8 * len(RECOVERY_ACTIONS)
    assert current(found) == dict.fromkeys("0134567", "none") | {"2": action}


@pytest.mark.parametrize("answer", [None, "NVML_ERROR_INVALID_ARGUMENT"])
def test_a_driver_that_knows_no_actions_says_nothing(gpu_machine: NewMachine, answer: str | None) -> None:
    machine = gpu_machine("rtx_4090")
    machine.look()
    machine.library.set_field(0, 230, answer)
    assert shown(GpuRecovery(machine.nvml)) == {}


def test_a_gpu_that_is_lost_costs_the_others_nothing(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("h100x8_mig")
    machine.look()
    machine.library.lose(2)
    given: list[Sample] = []
    with pytest.raises(PartError, match="gpu_is_lost"):
        given.extend(GpuRecovery(machine.nvml).read())
    assert {sample.labels[0] for sample in given} == set("0134567")
    assert current(shown(GpuRecovery(machine.nvml))) == dict.fromkeys("0134567", "none"), "it is known to be lost now"


def test_a_library_without_fields_says_nothing(gpu_machine: NewMachine) -> None:
    machine = gpu_machine("rtx_4090")
    machine.library.absent.add("nvmlDeviceGetFieldValues")
    machine.look()
    assert shown(GpuRecovery(machine.nvml)) == {}

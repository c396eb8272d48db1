"""The compiled driver and the one of Python agree: the binding makes the same of either, whatever happens to them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import named, names
from tests.fakes import nvml_stub
from tests.fakes.nvml_asked import Teller
from tests.fakes.nvml_library import install
from tests.fakes.nvml_stub import nvml_stub_folder  # noqa: F401 - a fixture

ROOT = Path(__file__).parent.parent
Steps = list[list[Any]]

MOMENTS: Steps = [["reopen"], ["ask"]]
for seconds in (0.5, 2.6, 16.8, 0.1, 13.3, 28.4, 3538.55):
    MOMENTS += [["pass", seconds], ["ask"], ["wait"]]

SECOND_LOAD = [{"seconds": 3.0, "utilization": 40, "watts": 20.0, "sm_mhz": 1000}, {"seconds": 1.0, "utilization": 1}]
STORIES: dict[str, Steps] = {
    "a lost GPU is lost to every call, and to the next opening": [
        ["reopen"], ["ask"], ["lose", 1], ["ask"], ["wait"], ["reopen"], ["ask"],
        ["find", 1], ["ask"], ["reopen"], ["ask"],
    ],
    "an upgraded driver answers nothing any more": [
        ["reopen"], ["ask"], ["set", "fault", "NVML_ERROR_LIB_RM_VERSION_MISMATCH"],
        ["set", "init_error", "NVML_ERROR_LIB_RM_VERSION_MISMATCH"], ["wait"], ["reopen"], ["reopen"],
    ],
    "a driver that went and came back is opened again": [
        ["reopen"], ["ask"], ["set", "init_error", "NVML_ERROR_DRIVER_NOT_LOADED"], ["reopen"],
        ["set", "init_error", None], ["pass", 5.0], ["reopen"], ["ask"],
    ],
    "no permission": [["set", "init_error", "NVML_ERROR_NO_PERMISSION"], ["reopen"]],
    "a GPU that was taken out is lost until NVML is opened anew, and moves the numbers of those after it": [
        ["reopen"], ["unplug", 1], ["ask"], ["reopen"], ["ask"],
    ],
    "a GPU that was put in is seen when NVML is opened anew": [
        ["reopen"], ["plug", {"answers": {"nvmlDeviceGetUUID": "GPU-new", "nvmlDeviceGetName": "new"}}], ["ask"],
        ["reopen"], ["ask"],
    ],
    "events are told once, to whoever registered before they happened": [
        ["reopen"], ["send", 0, 8, 79], ["send", 1, 8, 48], ["send", 0, 1, 5], ["wait"], ["wait"], ["wait"],
        ["reopen"], ["wait"],
    ],
    "counters do not jump when the load changes": [
        ["reopen"], ["pass", 7.5], ["ask"], ["set_load", 0, SECOND_LOAD], ["ask"], ["pass", 0.25], ["ask"],
        ["pass", 30.0], ["ask"], ["set_load", 0, SECOND_LOAD[1:]], ["pass", 60.0], ["ask"],
    ],
    "answers that change": [
        ["reopen"], ["set_answer", 0, "nvmlDeviceGetTemperature", {"0": 91}], ["set_field", 0, 230, {"uint": 2}],
        ["ask"],
        ["set_answer", 0, "nvmlDeviceGetTemperature", "NVML_ERROR_UNKNOWN"], ["ask"],
    ],
}  # fmt: skip


def compiled(folder: Path, file: Path, scenario: str, steps: Steps) -> list[Any]:
    asked = subprocess.run(
        [sys.executable, "-m", "tests.fakes.nvml_asked", scenario, file, json.dumps(steps)],
        cwd=ROOT, env=nvml_stub.environment(folder, file), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    found: list[Any] = json.loads(asked.stdout)
    return found


def of_python(scenario: str, steps: Steps) -> list[Any]:
    teller = Teller(scenario, lambda _library: None)
    install(teller.library)
    teller.tell(steps)
    found: list[Any] = json.loads(json.dumps(teller.found))
    return found


def agree(scenario: str, steps: Steps, file: Path, folder: Path) -> list[Any]:
    here, there = of_python(scenario, steps), compiled(folder, file, scenario, steps)
    assert len(here) == len(there)
    for number, (one, two) in enumerate(zip(here, there, strict=True)):
        assert two == one, f"answer {number}"
    return here


@pytest.fixture(autouse=True)
def _binding_is_put_back(nvml_library: object) -> None:
    """What the fixture does when it ends."""


@pytest.mark.parametrize("scenario", names())
def test_both_drivers_say_the_same_at_every_moment(
    scenario: str,
    tmp_path: Path,
    nvml_stub_folder: Path,  # noqa: F811 - the fixture
) -> None:
    steps = MOMENTS if "init" not in named(scenario) else MOMENTS[:1]
    answers = agree(scenario, steps, tmp_path / "scenario", nvml_stub_folder)
    assert answers == ["lib_rm_version_mismatch"] if "init" in named(scenario) else len(answers) > len(steps) / 2


@pytest.mark.parametrize("story", STORIES, ids=[name.replace(" ", "_") for name in STORIES])
def test_both_drivers_live_through_the_same(
    story: str,
    tmp_path: Path,
    nvml_stub_folder: Path,  # noqa: F811 - the fixture
) -> None:
    agree("h100x8_mig", STORIES[story], tmp_path / "scenario", nvml_stub_folder)


HUNG = """
import sys, threading
from exporters.nvml import Nvml
nvml = Nvml()
nvml.open()
(gpu,) = nvml.gpus()
found = []
caller = threading.Thread(target=lambda: found.append(gpu.ask("GetTotalEnergyConsumption")), daemon=True)
caller.start()
workers = [
    threading.Thread(target=lambda: [gpu.ask("GetTemperature", 0) for _ in range(500)], daemon=True) for _ in range(8)
]
[worker.start() for worker in workers]
[worker.join() for worker in workers]
print("others answered", found, flush=True)
sys.stdin.readline()
caller.join()
print("returned", found[0] > 0, flush=True)
"""


def test_a_call_that_hangs_holds_up_nobody_and_returns_when_it_may(
    tmp_path: Path,
    nvml_stub_folder: Path,  # noqa: F811 - the fixture
) -> None:
    library, file = NvmlLibrary(named("hang")), tmp_path / "scenario"
    nvml_stub.write(file, library)
    with subprocess.Popen(
        [sys.executable, "-c", HUNG], cwd=ROOT, env=nvml_stub.environment(nvml_stub_folder, file),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "others answered []\n"
        library.let_all_go()
        nvml_stub.write(file, library)
        told, _ = child.communicate("go on\n", timeout=60)
    assert told == "returned True\n"

"""What `--record` writes replays as what was seen, and names nobody."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from exporters.gpu_record import Recorder, write
from exporters.gpu_replay import Load
from exporters.nvml import Nvml
from exporters.nvml_error import NvmlError
from ragpulse.demo.gpu import scenario as scenarios
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import Scenario, named
from tests.fakes import nvml_stub
from tests.fakes.machine import Machine
from tests.fakes.nvml_asked import GpmPairs, binding, everything
from tests.fakes.nvml_library import Begin, Clock
from tests.fakes.nvml_stub import nvml_stub_folder  # noqa: F401 - a fixture

ROOT = Path(__file__).parent.parent
SECONDS = 60.0
MACHINES = ["spark_busy", "spark_idle", "rtx_4090", "h100x8_mig"]
MASKED = {"nvmlDeviceGetUUID", "busId", "busIdLegacy", "domain", "bus", "device", "pid", "timeStamp"}


def small(machine: str) -> Scenario:
    """Of many alike devices the first, and that which is not like them."""
    told = named(machine)
    return told | {"devices": [told["devices"][0], *told["devices"][7:]]}


def record(told: str | Scenario, root: Path, nvml_library: Begin) -> Scenario:
    """On a machine whose two clocks are as the scenario's stamps want them."""
    clock = Clock()
    library = nvml_library(told, clock)
    meminfo = [f"{name}: {value} kB\n" for name, value in library.scenario.get("node", {}).items()]
    Machine(root).write("proc/meminfo", "".join(meminfo))
    stamps = library.scenario["stamps"]
    bases = {"epoch": lambda: 5.0, "boot": lambda: 5.0} | {stamps["base"]: lambda: stamps["zero"] / 1e6 + library.now()}
    nvml = Nvml(load=binding)
    nvml.open()
    try:
        return Recorder(nvml, root=root, clock=clock, sleep=clock.pass_, bases=bases).record(SECONDS)
    finally:
        nvml.close()


def seen(told: str | Scenario, moment: float, nvml_library: Begin) -> Any:
    """Everything that can be asked, without what must not be the same."""
    clock = Clock()
    nvml_library(told, clock)
    nvml, pairs = Nvml(load=binding), GpmPairs()
    nvml.open()
    everything(nvml, pairs)
    clock.pass_(moment)
    found = list(everything(nvml, pairs).values())
    nvml.close()
    return without_masked(json.loads(json.dumps(found)))


def without_masked(found: Any) -> Any:
    if isinstance(found, dict):
        return {
            name: sorted(without_masked(value), key=str) if name == "shares" else without_masked(value)
            for name, value in found.items()
            if not any(name.startswith(masked) for masked in MASKED) and not name.startswith("samples")
        }
    if isinstance(found, list):
        return [without_masked(value) for value in found]
    return found


def close(one: Any, two: Any, path: str = "") -> None:
    """Equal in shape and words; numbers within a thousandth."""
    assert type(one) is type(two) or {type(one), type(two)} == {int, float}, path
    if isinstance(one, dict):
        assert one.keys() == two.keys(), path
        for key, value in one.items():
            close(value, two[key], f"{path}/{key}")
    elif isinstance(one, list):
        assert len(one) == len(two), path
        for number, (first, second) in enumerate(zip(one, two, strict=True)):
            close(first, second, f"{path}/{number}")
    elif isinstance(one, int | float):
        assert two == pytest.approx(one, rel=1e-3, abs=1e-6), path
    else:
        assert one == two, path


@pytest.mark.no_cover
@pytest.mark.parametrize("machine", MACHINES)
def test_a_recording_replays_what_was_seen(machine: str, tmp_path: Path, nvml_library: Begin) -> None:
    original = small(machine)
    for device in original["devices"]:
        # A share is the newest of the recording, not one for each moment; a wrap is a counter's own test.
        for process in device["processes"]:
            process |= {name: 5 for name in ("sm", "memory_util") if process.get(name) is not None}
        device["fields"].pop("197", None)
        device["fields"].pop("198", None)
    recorded = record(original, tmp_path, nvml_library)
    for moment in (7.0, 33.0, 48.0):
        close(seen(original, moment, nvml_library), seen(recorded, moment, nvml_library))


@pytest.mark.no_cover
@pytest.mark.parametrize("machine", MACHINES)
def test_nothing_in_a_recording_tells_whose_machine_it_was(machine: str, tmp_path: Path, nvml_library: Begin) -> None:
    original = small(machine)
    recorded = record(original, tmp_path, nvml_library)
    assert recorded.keys() == {"about", "origin", "node", "system", "stamps", "devices"}
    text = json.dumps(recorded)
    for device in original["devices"]:
        answers = device["answers"]
        secrets = [answers["nvmlDeviceGetUUID"], answers["nvmlDeviceGetPciInfo_v3"]["busId"]]
        secrets += [instance["answers"]["nvmlDeviceGetUUID"] for instance in device.get("mig", ())]
        if not (serial := answers["nvmlDeviceGetSerial"]).startswith(scenarios.ERROR):
            secrets.append(serial)
        for process in device["processes"]:
            secrets += [f'"pid": {process["pid"]}', process["name"]]
        assert [secret for secret in secrets if secret in text] == []


def test_a_recording_says_how_samples_come(tmp_path: Path, nvml_library: Begin) -> None:
    spark, rtx = (record(machine, tmp_path, nvml_library) for machine in ("spark_busy", "rtx_4090"))
    assert spark["stamps"] == {"base": "boot", "zero": 93784000000}
    assert rtx["stamps"] == {"base": "epoch", "zero": 1763942400000000}
    # What was dry when the recording began is not known to have a place in the buffer.
    assert spark["devices"][0]["samples"]["1"] == {
        "of": "utilization", "period": 0.166667, "depth": 70, "dry_at_idle": True,
    }  # fmt: skip
    assert rtx["devices"][0]["samples"]["1"] == {
        "of": "utilization", "period": 0.166667, "depth": 100, "dry_at_idle": False,
    }  # fmt: skip
    assert rtx["devices"][0]["samples"]["0"]["period"] == 0.02
    assert [phase["utilization"] for phase in spark["devices"][0]["load"][:10:5]] == [84, 88]


def test_a_counter_of_32_bits_that_wraps_is_recorded_as_one(tmp_path: Path, nvml_library: Begin) -> None:
    recorded = record("rtx_4090", tmp_path, nvml_library)["devices"][0]["fields"]["198"]["ullong"]
    assert recorded == {"sum": "198/0.ullong", "plus": 4200000000, "wrap": 4294967296}


@pytest.mark.parametrize("before", [7, 1 << 40], ids=["small", "of more than 32 bits"])
def test_a_counter_that_begins_anew_does_not_wrap(before: int) -> None:
    load = Load([0.0, 1.0, 2.0, 3.0])
    assert load.follows([before, before + 8, 2, 5], "mJ", counter=True) == {"sum": "mJ", "plus": before}
    assert [phase["mJ"] for phase in load.phases] == [8, 0, 3]


def test_what_fails_now_and_then_is_what_it_said_last(tmp_path: Path, nvml_library: Begin) -> None:
    told = named("gpu_lost")
    told |= {"events": [], "devices": told["devices"][2:3]}
    (lost,) = record(told, tmp_path, nvml_library)["devices"]
    assert lost["answers"]["nvmlDeviceGetPowerUsage"] == "NVML_ERROR_GPU_IS_LOST"
    assert lost["fields"]["82"] == "NVML_ERROR_GPU_IS_LOST"
    assert lost["samples"]["1"] == "NVML_ERROR_GPU_IS_LOST"
    assert lost["processes"] == "NVML_ERROR_GPU_IS_LOST"


def test_the_file_reads_back_as_what_was_recorded(tmp_path: Path, nvml_library: Begin) -> None:
    recorded = record(small("h100x8_mig"), tmp_path, nvml_library)
    write(tmp_path / "h100.json", recorded)
    assert scenarios.read(tmp_path / "h100.json") == recorded
    phases = [line for line in (tmp_path / "h100.json").read_text().splitlines() if '"seconds"' in line]
    assert len(phases) == 2 * SECONDS


def test_nothing_is_recorded_where_no_gpu_opens(tmp_path: Path, nvml_library: Begin) -> None:
    with pytest.raises(NvmlError, match="none that opens"):
        record(named("spark_busy") | {"devices": []}, tmp_path, nvml_library)


# The command, over the compiled driver.

SHORT = "import sys; from exporters import gpu_record; gpu_record.SECONDS = 1.2; from ragpulse import __main__; "


def command(folder: Path, file: Path, machine: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    nvml_stub.write(file, NvmlLibrary(named(machine)))
    code = f"{SHORT}sys.argv = {['ragpulse', 'agent', *arguments]!r}; __main__.main()"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=nvml_stub.environment(folder, file),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_command_records_and_ends_with_one_line(
    tmp_path: Path,
    nvml_stub_folder: Path,  # noqa: F811 - the fixture
) -> None:
    file = tmp_path / "spark.json"
    done = command(nvml_stub_folder, tmp_path / "told", "spark_busy", "--record", str(file))
    assert (done.returncode, done.stdout) == (0, f"{file}: 1 GPUs recorded, identifiers masked\n")
    assert scenarios.read(file)["about"] == "NVIDIA GB10"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_driver_that_does_not_open_is_one_line_and_no_file(
    tmp_path: Path,
    nvml_stub_folder: Path,  # noqa: F811 - the fixture
) -> None:
    file = tmp_path / "none.json"
    for option in (("--record", str(file)), ("--self-test",)):
        done = command(nvml_stub_folder, tmp_path / "told", "driver_mismatch", *option)
        assert done.returncode == 1
        assert done.stderr == "no GPU can be looked at here: NVML says lib_rm_version_mismatch to nvmlInit\n"
        assert not file.exists()


def test_a_file_that_cannot_be_written_is_told_before_the_gpus_are_looked_at(
    tmp_path: Path,
    nvml_stub_folder: Path,  # noqa: F811 - the fixture
) -> None:
    (tmp_path / "file").write_text("")
    done = command(nvml_stub_folder, tmp_path / "told", "spark_busy", "--record", str(tmp_path / "file" / "x.json"))
    assert done.returncode == 1
    assert "recording" not in done.stderr
    assert done.stderr.startswith(str(tmp_path / "file"))


@pytest.mark.parametrize("arguments", [["--record"], ["--record", "x", "--self-test"], []], ids=" ".join)
def test_wrong_usage_is_told(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ragpulse", "agent", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "ragpulse agent: error:" in done.stderr

"""The page of every simulated machine, line by line: tests/golden/gpu__<scenario>.prom.

A minute after the start, over the simulated library of Python and over the compiled one. `pytest --update-golden`
writes the files anew: read the difference before it is committed.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import named, names
from tests.fakes import nvml_stub
from tests.fakes.binaries import binary
from tests.fakes.gpu_page import page
from tests.fakes.nvml_library import install
from tests.fakes.nvml_stub import nvml_stub_folder  # noqa: F401 - a fixture

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden"
SPARKS = ["spark_busy", "spark_idle", "spark_wedge", "hang"]


@pytest.fixture(autouse=True)
def _binding_is_put_back(nvml_library: object) -> None:
    """What the fixture does when it ends."""


def golden(scenario: str) -> Path:
    return GOLDEN / f"gpu__{scenario}.prom"


def same(found: str, expected: str) -> None:
    """Line by line; the last digits of a sum depend on the version of Python."""
    found_lines, expected_lines = found.splitlines(), expected.splitlines()
    for one, two in zip(found_lines, expected_lines, strict=False):
        if one.startswith("#") or one == two:
            assert one == two
            continue
        (series, value), (expected_series, expected_value) = one.rsplit(" ", 1), two.rsplit(" ", 1)
        assert series == expected_series
        assert float(value) == pytest.approx(float(expected_value), rel=1e-9), series
    assert len(found_lines) == len(expected_lines)


@pytest.mark.parametrize("scenario", names())
def test_the_page_of_a_machine_is_the_golden_one(scenario: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    found = page(scenario, tmp_path, install)
    if request.config.getoption("--update-golden"):
        golden(scenario).write_text(found)
    same(found, golden(scenario).read_text())


# Cut off in the midst of a call, the compiled library is not where that of Python is; tests of the agent have it hang.
@pytest.mark.parametrize("scenario", [name for name in names() if not named(name).get("hangs")])
def test_the_compiled_driver_makes_the_same_page(
    scenario: str,
    tmp_path: Path,
    nvml_stub_folder: Path,  # noqa: F811 - the fixture
) -> None:
    told = tmp_path / "told"
    nvml_stub.write(told, NvmlLibrary(named(scenario)))
    found = subprocess.run(
        [sys.executable, "-m", "tests.fakes.gpu_page", scenario, tmp_path],
        cwd=ROOT, env=nvml_stub.environment(nvml_stub_folder, told), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    same(found.stdout, golden(scenario).read_text())


def test_there_is_a_golden_page_for_each_scenario_and_no_other() -> None:
    assert {file.name for file in GOLDEN.glob("gpu__*")} == {golden(name).name for name in names()}


@pytest.mark.parametrize("scenario", names())
def test_promtool_has_nothing_to_say_of_a_golden_page(scenario: str) -> None:
    checked = subprocess.run(
        [binary("promtool"), "check", "metrics"], input=golden(scenario).read_bytes(), capture_output=True, check=False
    )
    assert (checked.returncode, checked.stderr.decode()) == (0, "")


@pytest.mark.parametrize("scenario", SPARKS)
def test_no_placeholder_of_a_spark_is_on_its_page(scenario: str) -> None:
    text = golden(scenario).read_text()
    series = [line.split(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert any(name.startswith("ragpulse_gpu_temperature_celsius") for name in series)
    for nothing in (
        "pcie", "memory_temperature", "memory_reserved", "fan", "ecc", "remapped", "retired", "nvlink", "mig",
        "power_limit", "temperature_limit", "temperature_margin",
    ):  # fmt: skip
        assert not [name for name in series if name.startswith(f"ragpulse_gpu_{nothing}")]
    assert not [name for name in series if 'clock="memory"' in name or 'engine="memory"' in name]
    assert 'memory_kind="unified"' in text
    assert "NaN" not in text


def test_the_parent_of_mig_instances_has_no_utilisation_of_its_own() -> None:
    lines = golden("h100x8_mig").read_text().splitlines()
    of_parent = [line for line in lines if 'gpu="7"' in line]
    assert not [
        line for line in of_parent if "busy" in line or ("observed_seconds_total{" in line and "mig=" not in line)
    ]
    assert len([line for line in of_parent if line.startswith("ragpulse_gpu_mig_info")]) == 2

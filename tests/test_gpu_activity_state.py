"""When GPM is on, for which parts of a GPU, and how it is told: believed only once it was seen, off beside DCGM."""

import logging
from pathlib import Path

import pynvml
import pytest

from exporters.dcgm import Dcgm
from exporters.gpm import FLOWS, UNITS
from tests.fakes.gpm_rig import CUT, NewRig, active, observed, of_mig
from tests.fakes.machine import Machine
from tests.fakes.nvml_library import Clock


def test_gpm_is_on_once_two_samples_have_given_a_value_and_not_before(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    assert here.state() is None
    assert here.counters() == {}
    assert here.state() == "on"
    assert len([key for key in here.counters() if 'gpu="0"' in key]) == 2 * len(UNITS) + len(FLOWS)


def test_a_card_without_gpm_is_unsupported_and_never_sampled(gpm_rig: NewRig) -> None:
    here = gpm_rig("rtx_4090")
    assert [here.state(), here.state()] == ["unsupported", "unsupported"]
    assert here.counters() == {}
    assert not here.library.calls["nvmlGpmSampleAlloc"]
    assert here.source.note == "GPU 0: no GPM, which Hopper and newer have"


@pytest.mark.parametrize(
    "function", ["nvmlGpmQueryDeviceSupport", "nvmlGpmSampleAlloc", "nvmlGpmSampleGet", "nvmlGpmMetricsGet"]
)
def test_a_driver_older_than_a_function_is_unsupported_and_no_fault(gpm_rig: NewRig, function: str) -> None:
    here = gpm_rig()
    here.library.absent.add(function)
    here.state()
    assert here.state() == "unsupported"


@pytest.mark.parametrize("error", ["NVML_ERROR_UNKNOWN", "NVML_ERROR_IN_USE", "NVML_ERROR_NO_PERMISSION"])
@pytest.mark.parametrize("function", ["nvmlGpmQueryDeviceSupport", "nvmlGpmSampleGet", "nvmlGpmMetricsGet"])
def test_a_card_that_says_it_has_gpm_and_cannot_give_it_is_unsupported(
    gpm_rig: NewRig, monkeypatch: pytest.MonkeyPatch, function: str, error: str
) -> None:
    here = gpm_rig()
    monkeypatch.setattr(here.library, function, lambda *_: getattr(pynvml, error), raising=False)
    here.state()
    assert here.state() == "unsupported"


def test_metrics_that_the_card_refuses_one_by_one_make_it_unsupported(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.library.plugged[0].gpm = {}
    here.state()
    assert here.state() == "unsupported"
    assert here.state(gpu=1) == "on"


def test_what_could_not_be_sampled_is_tried_again_after_ten_minutes(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.library.plugged[0].gpm, gpm = {}, here.library.plugged[0].gpm
    here.state()
    assert here.state() == "unsupported"
    here.library.plugged[0].gpm = gpm
    assert here.state(seconds=599.0) == "unsupported"
    assert here.state(seconds=1.0) is None
    assert here.state() == "on"


@pytest.mark.parametrize("program", ["dcgm-exporter", "nv-hostengine"])
def test_gpm_is_off_while_dcgm_runs_and_says_so_once(
    gpm_rig: NewRig, caplog: pytest.LogCaptureFixture, program: str
) -> None:
    caplog.set_level(logging.INFO, "exporters")
    here = gpm_rig()
    here.run()
    assert here.state() == "on"
    here.machine.write("proc/77/comm", f"{program}\n")
    before = here.counters()
    assert here.state(seconds=59.0) == "dcgm"
    assert here.buffers() == 0
    assert [here.state() for _ in range(9)] == ["dcgm"] * 9
    assert here.counters() == before
    assert here.source.note.startswith("GPU 0, 1, 2, 3, 4, 5, 6, 7: off while DCGM runs on this node")
    warnings = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert warnings == [f"source=gpu_activity gpu={gpu} gpm=dcgm" for gpu in range(8)]
    (here.machine.root / "proc/77/comm").unlink()
    here.run(60.0)
    assert here.state() == "on"
    assert here.source.note == ""
    assert here.counters()[observed("sm")] == pytest.approx(before[observed("sm")] + 5)


def test_dcgm_is_not_looked_for_where_there_is_no_gpm(gpm_rig: NewRig) -> None:
    here = gpm_rig("rtx_4090")
    here.machine.write("proc/77/comm", "dcgm-exporter\n")
    assert here.state() == "unsupported"


def test_dcgm_is_looked_for_once_a_minute(tmp_path: Path) -> None:
    clock, machine = Clock(), Machine(tmp_path)
    dcgm = Dcgm(tmp_path, clock)
    assert not dcgm.runs()
    machine.write("proc/77/comm", "dcgm-exporter\n")
    clock.pass_(59.9)
    assert not dcgm.runs()
    clock.pass_(0.1)
    assert dcgm.runs()


def test_a_process_of_another_name_is_no_dcgm_and_one_that_ends_is_no_fault(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.write("proc/1/comm", "systemd\n")
    machine.folder("proc/2")
    machine.write("proc/self/comm", "dcgm-exporter\n")
    assert not Dcgm(tmp_path).runs()


def test_gpm_that_the_file_disables_is_never_asked(gpm_rig: NewRig) -> None:
    here = gpm_rig(disabled=True)
    assert [here.state(gpu) for gpu in range(8)] == ["disabled"] * 8
    assert not [name for name in here.library.calls if "Gpm" in name or "Mig" in name]
    assert here.source.note == ""


def test_mig_instances_have_activity_of_their_own(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.run()
    began = here.library.now()
    here.run(3.0)
    found, ended = here.run(8.0), here.library.now()
    sm = here.library.plugged[CUT].load.mean("sm", began, ended) / 100
    assert found[of_mig("activity_observed", 0, "sm")] == pytest.approx(11)
    assert found[of_mig("active", 0, "sm")] == pytest.approx(0.8 * sm * 11)
    assert found[of_mig("active", 1, "sm")] == pytest.approx(0.2 * sm * 11)
    assert found[of_mig("active", 1, "tensor")] == 0
    assert of_mig("active", 0, "dram") not in found  # not to be had of an instance


def test_a_gpu_cut_into_instances_that_has_no_activity_itself_is_on_by_its_instances(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.library.plugged[CUT].gpm = {}
    here.run()
    assert here.state(CUT) == "on"
    assert active("sm", CUT) not in here.counters()
    assert of_mig("active", 0, "sm") in here.counters()


def test_an_instance_that_is_cut_anew_begins_at_zero_and_one_that_is_gone_has_no_series(
    gpm_rig: NewRig,
) -> None:
    here = gpm_rig()
    here.run()
    here.run(20.0)
    parts = here.library.plugged[CUT].instances
    parts[0].answers["nvmlDeviceGetUUID"] = "MIG-anew"
    gone = parts.pop()
    here.run()
    assert not [key for key in here.counters() if key.startswith("gpu_mig")]
    found = here.run()
    assert found[of_mig("activity_observed", 0, "sm")] == pytest.approx(5)
    assert of_mig("active", 1, "sm") not in found
    assert here.buffers() == 2 * 8  # seven whole GPUs and one instance
    parts.append(gone)


def test_only_the_first_compute_instance_stands_for_the_activity_of_a_gpu_instance(gpm_rig: NewRig) -> None:
    here = gpm_rig()
    here.library.plugged[CUT].instances[1].gpu_instance = here.library.plugged[CUT].instances[0].gpu_instance
    here.run()
    found = here.run()
    assert of_mig("active", 0, "sm") in found
    assert of_mig("active", 1, "sm") not in found


def test_runs_log_nothing_as_long_as_nothing_changes(gpm_rig: NewRig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "exporters")
    here = gpm_rig()
    for _ in range(20):
        here.run()
    assert [each.getMessage() for each in caplog.records] == [
        f"source=gpu_activity gpu={gpu} gpm=on" for gpu in range(8)
    ]

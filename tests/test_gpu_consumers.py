"""Who uses a GPU and how much of its memory, over the unmodified binding."""

import threading
from typing import Any

import psutil
import pynvml
import pytest

from exporters.docker_names import DockerNames
from exporters.gpu_consumers import GpuConsumers, planned_consumers
from exporters.nvml import Nvml
from exporters.nvml_error import NvmlError
from tests.fakes.machine import samples
from tests.fakes.partial import given
from tests.fakes.users_rig import GIB, NewRig, memory, of, sm

CONTAINER = "3f4e1a9b7c2d5e8f0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071"
CUT = 7


def test_memory_and_sm_share_by_container_unit_and_program(users_rig: NewRig) -> None:
    here = users_rig()
    here.process(1, "vllm", f"0::/system.slice/docker-{CONTAINER}.scope")
    here.process(2, "vllm", f"0::/system.slice/docker-{CONTAINER}.scope")
    here.process(3, "ollama", "0::/system.slice/ollama.service")
    here.process(4, "Xorg", "0::/user.slice/user-1000.slice/session-2.scope")
    here.running(
        {"pid": 1, "memory": 4 * GIB, "sm": 50},
        {"pid": 2, "memory": 2 * GIB, "sm": 20},
        {"pid": 3, "memory": 3 * GIB, "sm": 10},
        {"pid": 4, "memory": GIB, "sm": 0, "kind": "graphics"},
    )
    here.run()
    assert here.run() == {
        'gpu_consumers{gpu="0"}': 3,
        memory("container", CONTAINER[:12]): 6 * GIB,
        sm("container", CONTAINER[:12]): pytest.approx(0.7),
        memory("unit", "ollama.service"): 3 * GIB,
        sm("unit", "ollama.service"): pytest.approx(0.1),
        memory("process", "Xorg"): GIB,
        sm("process", "Xorg"): 0,
    }


def test_a_container_goes_by_its_name_where_there_is_one(users_rig: NewRig) -> None:
    here = users_rig(name_of=lambda container: "llama_server_1" if container == CONTAINER else None)
    here.process(1, "vllm", f"0::/docker/{CONTAINER}")
    here.process(2, "vllm", f"0::/docker/{'e' * 64}")
    here.running({"pid": 1, "memory": GIB}, {"pid": 2, "memory": GIB})
    found = here.run()
    assert found[memory("container", "llama_server_1")] == GIB
    assert found[memory("container", "e" * 12)] == GIB


def test_the_pid_is_told_only_on_request(users_rig: NewRig) -> None:
    here = users_rig(pids=True)
    here.process(1, "vllm", f"0::/docker/{CONTAINER}")
    here.process(2, "python3")
    here.running({"pid": 1, "memory": GIB}, {"pid": 2, "memory": GIB})
    found = here.run()
    assert found[memory("container", f"{CONTAINER[:12]}[1]")] == GIB
    assert found[memory("process", "python3[2]")] == GIB


def test_a_process_with_both_kinds_of_context_counts_once(users_rig: NewRig) -> None:
    here = users_rig()
    here.running({"pid": 1, "memory": 3 * GIB}, {"pid": 1, "memory": 3 * GIB, "kind": "graphics"})
    found = here.run()
    assert found[memory("process", "p1")] == 3 * GIB
    assert found['gpu_consumers{gpu="0"}'] == 1


def test_memory_that_nvml_does_not_know_has_no_sample_and_is_no_zero(users_rig: NewRig) -> None:
    here = users_rig()
    here.process(3, "p2")
    here.running({"pid": 1, "memory": GIB}, {"pid": 2, "memory": None}, {"pid": 3, "memory": GIB})
    found = here.run()
    assert of("gpu_consumer_memory", found) == [memory("process", "p1")]
    assert found['gpu_consumers{gpu="0"}'] == 2


def test_one_context_with_unknown_memory_leaves_that_of_the_other(users_rig: NewRig) -> None:
    here = users_rig()
    here.running({"pid": 1, "memory": GIB}, {"pid": 1, "memory": None, "kind": "graphics"})
    assert here.run()[memory("process", "p1")] == GIB


def test_a_gpu_that_nobody_uses_has_no_consumers(users_rig: NewRig) -> None:
    here = users_rig()
    here.running()
    assert here.run() == {'gpu_consumers{gpu="0"}': 0}


@pytest.mark.parametrize("error", ["NVML_ERROR_NOT_SUPPORTED", "NVML_ERROR_NO_PERMISSION"])
def test_a_card_that_does_not_say_who_uses_it_has_no_series_and_that_is_no_fault(users_rig: NewRig, error: str) -> None:
    here = users_rig()
    here.library.plugged[0].processes = error
    here.clock.pass_(5)
    assert samples(here.source) == []


def test_a_process_that_has_ended_or_is_hidden_is_unknown_and_no_fault(users_rig: NewRig) -> None:
    here = users_rig()
    here.library.plugged[0].processes = [{"pid": 1, "memory": GIB}, {"pid": 2, "memory": GIB}]
    assert here.run() == {'gpu_consumers{gpu="0"}': 1, memory("process", "unknown"): 2 * GIB}


def test_twenty_have_names_and_the_rest_is_other(users_rig: NewRig) -> None:
    here = users_rig()
    here.running(*({"pid": pid, "memory": pid * GIB, "sm": 1} for pid in range(1, 101)))
    here.run()
    found = here.run()
    assert found['gpu_consumers{gpu="0"}'] == 100
    assert len(of("gpu_consumer_memory", found)) == len(of("gpu_consumer_sm", found)) == 21
    assert found[memory("process", "p81")] == 81 * GIB
    assert memory("process", "p80") not in found
    assert found[memory("other", "other")] == sum(range(1, 81)) * GIB
    assert found[sm("other", "other")] == pytest.approx(0.8)


def test_without_memory_the_busiest_have_names(users_rig: NewRig) -> None:
    here = users_rig()
    here.running(*({"pid": pid, "memory": None, "sm": pid} for pid in range(1, 31)))
    here.run()
    found = here.run()
    assert found[sm("process", "p11")] == pytest.approx(0.11)
    assert sm("process", "p10") not in found
    assert found[sm("other", "other")] == pytest.approx(sum(range(1, 11)) / 100)
    assert of("gpu_consumer_memory", found) == []


def test_exactly_twenty_leave_no_other(users_rig: NewRig) -> None:
    here = users_rig()
    here.running(*({"pid": pid, "memory": GIB} for pid in range(1, 21)))
    assert not [key for key in here.run() if "other" in key]


def test_a_list_that_always_outgrows_its_buffer_is_an_error_of_that_gpu_alone(
    users_rig: NewRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = users_rig("h100x8_mig")
    ask = pynvml.nvmlDeviceGetComputeRunningProcesses_v3
    lists = 0

    def of_the_first(handle: Any) -> Any:
        nonlocal lists
        if here.library.device_of(handle) is here.library.plugged[0]:
            lists += 1
            raise pynvml.NVMLError(pynvml.NVML_ERROR_INSUFFICIENT_SIZE)
        return ask(handle)

    monkeypatch.setattr(pynvml, "nvmlDeviceGetComputeRunningProcesses_v3", of_the_first)
    found, missing = given(here.source)
    assert missing == "NVML says insufficient_size to nvmlDeviceGetComputeRunningProcesses_v3 of GPU 0"
    assert len(of("gpu_consumers", found)) == 7
    assert lists == 3


def test_instances_of_one_gpu_count_together_and_a_process_in_two_of_them_once_each(users_rig: NewRig) -> None:
    here = users_rig("h100x8_mig")
    here.process(5207, "python3", "0::/system.slice/one.service")
    here.process(5208, "python3", "0::/system.slice/two.service")
    here.library.plugged[CUT].processes.append({"pid": 5207, "memory": GIB, "gpu_instance": 9})
    found = here.run()
    assert found[memory("unit", "one.service", CUT)] == 24696061952 + GIB
    assert found[memory("unit", "two.service", CUT)] == 4294967296


def test_a_user_who_may_not_ask_a_gpu_for_those_in_its_instances_asks_the_instances(users_rig: NewRig) -> None:
    here = users_rig("h100x8_mig")
    cut = here.library.plugged[CUT]
    cut.processes, processes = "NVML_ERROR_NO_PERMISSION", cut.processes
    for instance in cut.instances:
        instance.processes = [each for each in processes if each["gpu_instance"] == instance.gpu_instance]
    here.process(5207, "first")
    here.process(5208, "second")
    found = here.run()
    assert found[memory("process", "first", CUT)] == 24696061952
    assert found[memory("process", "second", CUT)] == 4294967296


def test_a_lost_gpu_costs_the_consumers_of_the_others_nothing(users_rig: NewRig) -> None:
    here = users_rig("h100x8_mig")
    here.library.lose(0)
    found, missing = given(here.source)
    assert "gpu_is_lost" in (missing or "")
    assert len(of("gpu_consumers", found)) == 7
    found, missing = given(here.source)
    assert (len(of("gpu_consumers", found)), missing) == (7, None)


def test_consumers_and_the_names_of_containers_are_planned_with_the_same_settings() -> None:
    nvml = Nvml(lambda: pynvml)
    (alone,) = planned_consumers(nvml, pids=False, docker_socket=None)
    assert isinstance(alone.source, GpuConsumers)
    names, consumers = planned_consumers(nvml, pids=True, docker_socket="/run/docker.sock")
    assert isinstance(names.source, DockerNames)
    assert names.settings == consumers.settings != alone.settings


def test_churn_of_processes_leaves_nothing_behind(users_rig: NewRig) -> None:
    here = users_rig()
    process = psutil.Process()
    here.run()
    threads, descriptors = threading.active_count(), process.num_fds()
    for cycle in range(1000):
        here.library.plugged[0].processes = [{"pid": 10_000 + cycle, "memory": GIB, "sm": 5}]
        here.library.fail("nvmlDeviceGetProcessUtilization", "NVML_ERROR_UNKNOWN")
        here.clock.pass_(5)
        with pytest.raises(NvmlError, match="unknown to nvmlDeviceGetProcessUtilization"):
            list(here.source.read())
    assert (threading.active_count(), process.num_fds()) == (threads, descriptors)
    assert len(here.source._seen) == 1

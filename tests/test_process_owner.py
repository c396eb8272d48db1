"""Whose a process is, told from its cgroup in all the ways in which engines and systemd name them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from exporters.process_owner import Owner, ProcessOwners, owner_in
from exporters.source import SourceError
from tests.fakes.confined import WITHOUT_RIGHTS
from tests.fakes.machine import Machine
from tests.fakes.running import ROOT

CAPTURES = Path(__file__).parent / "captures" / "cgroup"
CONTAINER = Owner("container", "3f4e1a9b7c2d5e8f0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071")
EXPECTED = {
    "hybrid-login-session": None,
    "hybrid-systemd-service": Owner("unit", "ollama.service"),
    "v1-docker-cgroupfs": CONTAINER,
    "v1-docker-systemd": CONTAINER,
    "v1-kubernetes": CONTAINER,
    "v1-systemd-service": Owner("unit", "ollama.service"),
    "v2-docker-cgroupfs": CONTAINER,
    "v2-docker-rootless": CONTAINER,
    "v2-docker-seen-from-a-container": CONTAINER,
    "v2-docker-systemd": CONTAINER,
    "v2-kubernetes-containerd": CONTAINER,
    "v2-kubernetes-containerd-cgroupfs": CONTAINER,
    "v2-kubernetes-crio": CONTAINER,
    "v2-login-session": None,
    "v2-nerdctl": CONTAINER,
    "v2-none": None,
    "v2-podman": CONTAINER,
    "v2-podman-pod": CONTAINER,
    "v2-podman-quadlet": CONTAINER,
    "v2-podman-rootless": CONTAINER,
    "v2-systemd-service": Owner("unit", "ollama.service"),
    "v2-systemd-template-with-cgroups-of-its-own": Owner("unit", "vllm@llama.service"),
    "v2-user-manager": None,
    "v2-user-scope": None,
    "v2-user-service": Owner("unit", "comfyui.service"),
}


def test_every_capture_is_expected_to_be_something() -> None:
    assert {file.name for file in CAPTURES.iterdir()} - {"ORIGIN.md"} == set(EXPECTED)


@pytest.mark.parametrize("capture", EXPECTED)
def test_a_cgroup_names_its_container_or_unit_or_nobody(capture: str) -> None:
    assert owner_in((CAPTURES / capture).read_text()) == EXPECTED[capture]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "0::",
        "no colons",
        "0::/" + "a" * 63,
        "0::/" + "a" * 65,
        "0::/service/x",
        "0::/user.slice/user-1000.slice/user@1000.service/made-by-hand",
    ],
)
def test_what_is_no_cgroup_of_anybody_names_nobody(text: str) -> None:
    assert owner_in(text) is None


def test_the_program_names_a_process_that_neither_container_nor_unit_does(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.write("proc/7/cgroup", "0::/\n")
    machine.write("proc/7/comm", "VLLM::EngineCor\n")
    machine.write("proc/7/cmdline", "vllm\0--api-key\0secret\0")
    assert ProcessOwners(tmp_path).of(7) == Owner("process", "VLLM::EngineCor")


@pytest.mark.parametrize(
    ("comm", "name"),
    [
        (b"\n", "unknown"),
        (b"   \n", "unknown"),
        (b"two\nlines\n", "two?lines"),
        (b"\x1b[31mred\x07\n", "?[31mred?"),
        (b"not utf-8 \xff\xfe\n", "not utf-8 ??"),
        (b"x" * 5000, "x" * 100),
        ("möbius\n".encode(), "möbius"),
    ],
)
def test_a_program_may_call_itself_anything_and_stays_on_one_short_line(tmp_path: Path, comm: bytes, name: str) -> None:
    Machine(tmp_path).folder("proc/7")
    (tmp_path / "proc/7/comm").write_bytes(comm)
    assert ProcessOwners(tmp_path).of(7) == Owner("process", name)


def test_what_has_ended_or_is_hidden_whole_is_unknown(tmp_path: Path) -> None:
    assert ProcessOwners(tmp_path).of(7) == Owner("process", "unknown")


def test_what_this_user_may_not_read_is_unknown(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    for name in ("cgroup", "comm"):
        machine.write(f"proc/7/{name}", "0::/system.slice/secret.service\n")
        (tmp_path / f"proc/7/{name}").chmod(0)
    script = f"from exporters.process_owner import *; print(ProcessOwners(Path({str(tmp_path)!r})).of(7))"
    said = subprocess.run(
        [*WITHOUT_RIGHTS, sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert said.stdout.strip() == "Owner(kind='process', name='unknown')"


def test_a_file_that_cannot_be_read_for_another_reason_is_an_error_that_names_it(tmp_path: Path) -> None:
    Machine(tmp_path).unreadable("proc/7/cgroup")
    with pytest.raises(SourceError, match="proc/7/cgroup: Is a directory"):
        ProcessOwners(tmp_path).of(7)


def test_this_process_is_somebody_on_the_real_machine() -> None:
    owner = ProcessOwners().of(os.getpid())
    comm = Path("/proc/self/comm").read_text().strip()
    assert owner == (owner_in(Path("/proc/self/cgroup").read_text()) or Owner("process", comm))

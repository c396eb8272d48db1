"""Our own libnvidia-ml.so.1, compiled from `nvml_stub/`: found by the real loader, called through the real binding.

The library answers from a text file, which is written from a simulated library of Python: whatever a test does to that
one (`lose`, `hang`, `plug`, `send`, `set_load`), the compiled one does from `write` on, in whatever process it runs.
`fail` is the one thing that only the Python one can do. gcc is installed by the set-up for tests.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragpulse.demo.gpu.answers import code_of
from ragpulse.demo.gpu.device import VALUE_TYPES, Device
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.load import Course, Load
from ragpulse.demo.gpu.scenario import ERROR

SOURCES = Path(__file__).with_name("nvml_stub")
_KINDS = ("compute", "graphics")
_NO_INSTANCE = 0xFFFFFFFF
_SHARES = ("sm", "memory_util", "enc", "dec")
_ORDINARY = 0  # of an answer that is no field: it has no type


@pytest.fixture(scope="session")
def nvml_stub_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_into(tmp_path_factory.mktemp("nvml"))


def compile_into(folder: Path) -> Path:
    """The folder: for LD_LIBRARY_PATH of a process that is to find the stub."""
    compiled = subprocess.run(
        ["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-Wl,-soname,libnvidia-ml.so.1",
         "-o", folder / "libnvidia-ml.so.1", *sorted(SOURCES.glob("*.c")), "-lm", "-lpthread"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert compiled.returncode == 0, compiled.stderr
    return folder


def environment(folder: Path, scenario: Path) -> dict[str, str]:
    return {**os.environ, "LD_LIBRARY_PATH": str(folder), "NVML_STUB_SCENARIO": str(scenario)}


def write(file: Path, library: NvmlLibrary, *, frozen: bool = False) -> None:
    """At once or not at all. `frozen`: at the library's moment until it is written again; else time passes, and the
    library's clock must be CLOCK_MONOTONIC (`time.monotonic`).
    """
    new = file.with_name(f"{file.name}.new")
    new.write_text("".join(f"{line}\n" for line in _lines(library, frozen=frozen)))
    new.replace(file)


def _lines(library: NvmlLibrary, *, frozen: bool) -> Iterator[str]:
    devices = [each for device in library.plugged for each in device.everybody()]
    answers = [line for number, device in enumerate(devices) for line in _answers(number, device)]
    answers += [
        line
        for function, answer in library.scenario.get("system", {}).items()
        for line in _answer(f"system {function}", _ORDINARY, answer)
    ]
    yield _line("time", library._zero, library._began, library.now() if frozen else -1)
    yield _line("state", code_of(library.init_error or "NVML_SUCCESS"), code_of(library.fault or "NVML_SUCCESS"))
    for name in sorted(_names(devices, answers)):
        yield _line("name", name)
    for function in library._hangs:
        yield _line("hang", function)
    for function in sorted(library.absent):
        yield _line("absent", function)
    for device in devices:
        yield from _device(device, devices)
    for event in sorted(library.events._events, key=lambda event: event.at):
        if event.device in devices:
            yield _line("event", event.at, devices.index(event.device), event.kind, event.data)
    yield from answers


def _line(*words: Any) -> str:
    return "\t".join(repr(word) if isinstance(word, float) else str(word) for word in words)


def _names(devices: list[Device], answers: list[str]) -> set[str]:
    """Every name that a value goes by: the C side wants to know how many there are before the first load."""
    found = {words[4] for line in answers if len(words := line.split("\t")) > 5}
    for device in devices:
        found |= {name for load in _loads(device.load) for phase in load.phases for name in phase if name != "seconds"}
        found |= {told["of"] for told in device.buffers.values() if isinstance(told, dict)}
    return found


def _loads(load: Course) -> list[Load]:
    assert isinstance(load, Load), "what somebody tells meanwhile is for the library of Python alone"
    return [*(_loads(load.before) if load.before else []), load]


def _device(device: Device, devices: list[Device]) -> Iterator[str]:
    yield _line(
        "device", device.uuid, devices.index(device.parent) if device.parent else -1,
        -1 if device.gpu_instance is None else device.gpu_instance,
        -1 if device.compute_instance is None else device.compute_instance,
        float(device.lost_from), int(device.gpm is not None),
    )  # fmt: skip
    for load in _loads(device.load):
        yield _line("load", load.since)
        for phase in load.phases:
            values = [word for name, value in phase.items() if name != "seconds" for word in (name, value)]
            yield _line("phase", phase["seconds"], *values)
    for kind, told in device.buffers.items():
        if isinstance(told, str):
            yield _line("buffer", kind, code_of(told), 1, 0, 0, 1, 1, "-")
        else:
            yield _line(
                "buffer", kind, 0, told["period"], told["depth"], int(told.get("dry_at_idle", False)),
                told.get("times", 1), VALUE_TYPES[told.get("type", "uint")][0], told["of"],
            )  # fmt: skip
    for process in device.processes if isinstance(device.processes, list) else ():
        memory = process.get("memory")
        yield _line(
            "process", _KINDS.index(process.get("kind", "compute")), process["pid"], -1 if memory is None else memory,
            process.get("gpu_instance", _NO_INSTANCE), process.get("compute_instance", _NO_INSTANCE),
            int(process.get("sm") is not None),
        )  # fmt: skip


def _answers(number: int, device: Device) -> Iterator[str]:
    for function, answer in device.answers.items():
        yield from _answer(f"{number} {function}", _ORDINARY, answer)
    for field, told in device.fields.items():
        if isinstance(told, dict):
            ((kind, value),) = told.items()
            yield from _answer(f"{number} field/{field}", VALUE_TYPES[kind][0], value)
        else:
            yield from _answer(f"{number} field/{field}", _ORDINARY, told)
    for metric, told in (device.gpm or {}).items():
        yield from _answer(f"{number} gpm/{metric}", _ORDINARY, told)
    if not isinstance(device.processes, list):
        yield from _answer(f"{number} running", _ORDINARY, device.processes)
        return
    for index, process in enumerate(device.processes):
        for name in _SHARES:
            yield from _answer(f"{number} process/{index}.{name}", _ORDINARY, process.get(name) or 0)


def _answer(key: str, kind: int, told: Any) -> Iterator[str]:
    """One line for each value, with what was asked (`/`), the member (`.`) or the place (`#`) in its key."""
    if told is None or (isinstance(told, str) and told.startswith(ERROR)):
        yield _line("answer", key, kind, "error", code_of(told or "NVML_ERROR_NOT_SUPPORTED"))
    elif isinstance(told, str):
        yield _line("answer", key, kind, "text", told)
    elif isinstance(told, list):
        for place, value in enumerate(told):
            yield from _answer(f"{key}#{place}", kind, value)
    elif not isinstance(told, dict):
        yield _line("answer", key, kind, "constant", "-", 1, told, 0, 0)
    elif how := next((how for how in ("now", "mean", "sum") if how in told), None):
        yield _line(
            "answer", key, kind, how, told[how],
            told.get("times", 1), told.get("plus", 0), told.get("wrap", 0), told.get("over", 0),
        )  # fmt: skip
    else:
        for name, value in told.items():
            yield from _answer(f"{key}/{name}" if name.isdigit() else f"{key}.{name}", kind, value)

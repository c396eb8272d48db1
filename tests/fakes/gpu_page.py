"""What the page of an agent says of the GPUs of a scenario: real sources in real runners, a minute after the start.

The clocks stand still between two runs, so that every value is that of its moment. Run as a program it reads the
compiled stub: `python -m tests.fakes.gpu_page SCENARIO ROOT` prints the page of a machine whose files lie in ROOT.
"""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pynvml

from exporters.gpu_sources import gpu_sources
from exporters.nvml import Nvml, load_binding
from exporters.page import Page
from exporters.runner import Runner
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import Scenario, named
from ragpulse.inventory import Cluster
from tests.fakes import nvml_stub
from tests.fakes.clocks import Standing
from tests.fakes.machine import Machine
from tests.fakes.running import until

SECONDS = 60
_CLUSTER = Cluster.model_validate({"cluster": "golden", "nodes": {"node": {"address": "127.0.0.1"}}})
_CONTAINER = "c0ffee" + "0" * 58
_IN_A_CONTAINER = ("VLLM::",)
Load = Callable[[], Any]
Changed = Callable[[NvmlLibrary], None]


def told_to_nobody(_library: NvmlLibrary) -> None:
    """For a library of Python: it needs no telling."""


def machine(scenario: Scenario, root: Path) -> None:
    """What the kernel of such a machine shows: its memory, its GPUs, who runs."""
    files = Machine(root)
    lines = (
        f"{name}: {size}{'' if name.startswith('HugePages_') else ' kB'}\n"
        for name, size in scenario.get("node", {}).items()
    )
    files.write("proc/meminfo", "".join(lines))
    for number, device in enumerate(scenario["devices"]):
        for name, text in (("vendor", "0x10de"), ("class", "0x030200")):
            files.write(f"sys/bus/pci/devices/{number:04x}:01:00.0/{name}", f"{text}\n")
        files.folder(f"proc/driver/nvidia/gpus/{number:04x}:01:00.0")
        for process in device["processes"]:
            inside = process["name"].startswith(_IN_A_CONTAINER)
            cgroup = f"/system.slice/docker-{_CONTAINER}.scope" if inside else "/user.slice/session-2.scope"
            files.write(f"proc/{process['pid']}/comm", f"{process['name'][:15]}\n")
            files.write(f"proc/{process['pid']}/cgroup", f"0::{cgroup}\n")


class Agent:
    """`changed` is told whenever time has passed: the compiled library must be written anew."""

    def __init__(self, library: NvmlLibrary, clocks: Standing, root: Path, changed: Changed, load: Load) -> None:
        self.library = library
        self._clocks = clocks
        self._changed = changed
        self._page = Page(clocks.clocks.awake)
        planned = gpu_sources(_CLUSTER, "node", Nvml(load), root=root, clocks=clocks.clocks)
        self._runners = [Runner(plan.source, self._page, clocks.clocks) for plan in planned]

    def page(self, seconds: int = SECONDS) -> str:
        """The families of GPUs, after so many seconds, in each of which every source that is due has run."""
        for runner in self._runners:
            runner.start()
        for second in range(seconds + 1):
            if second:
                self._clocks.live(1.0)
            self._changed(self.library)
            for runner in self._runners:
                if second % runner.source.interval == 0:
                    self._run(runner)
        for runner in self._runners:
            runner.stop()
        lines = self._page.text().decode().splitlines(keepends=True)
        return "".join(line for line in lines if re.match(r"(# (HELP|TYPE) )?ragpulse_gpu_", line))

    def _run(self, runner: Runner) -> None:
        """To its end; where it hangs it is cut off, as the scheduler does when its time is over."""
        before = sum(runner.health.runs.values())
        if (run := runner.due()) is None:
            return
        thread = f"source {runner.source.name}"
        until(lambda: sum(runner.health.runs.values()) > before or thread in self.library.hung(), f"a run of {thread}")
        runner.deadline(run)


def page(scenario: str | Scenario, root: Path, install: Callable[[NvmlLibrary], None], seconds: int = SECONDS) -> str:
    """Over the library of Python."""
    clocks = Standing()
    library = NvmlLibrary(named(scenario) if isinstance(scenario, str) else scenario, clocks.clocks.awake)
    install(library)
    machine(library.scenario, root)
    try:
        return Agent(library, clocks, root, told_to_nobody, lambda: pynvml).page(seconds)
    finally:
        library.let_all_go()


def main() -> None:
    scenario, folder = named(sys.argv[1]), Path(sys.argv[2])
    clocks = Standing()
    library = NvmlLibrary(scenario, clocks.clocks.awake)
    machine(scenario, folder)
    told = Path(os.environ["NVML_STUB_SCENARIO"])
    agent = Agent(library, clocks, folder, lambda changed: nvml_stub.write(told, changed, frozen=True), load_binding)
    sys.stdout.write(agent.page())


if __name__ == "__main__":
    main()

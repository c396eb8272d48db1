"""From nothing to a demo that runs, is well, and is the drill's alone; and back to nothing."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from ragpulse import cluster_file, yaml_file
from ragpulse.demo.chroma_environment import chroma_environment
from ragpulse.demo.cluster import keep_secrets
from ragpulse.demo.processes import agent_of_the_demo, demo_processes
from ragpulse.demo.relay import relay
from ragpulse.drill.cluster import drill_text, record_backup
from ragpulse.drill.fault import Fault
from ragpulse.drill.heard import Ears
from ragpulse.drill.places import Places, free_places
from ragpulse.drill.rig import Rig
from ragpulse.inventory import Cluster
from ragpulse.stack.binaries import Binaries
from ragpulse.stack.bring_up import Wanted, bring_up
from ragpulse.stack.plan import monitoring_processes
from ragpulse.stack.process import Process
from ragpulse.stack.provide import provide
from ragpulse.stack.state import State
from ragpulse.stack.stop import stop
from ragpulse.stack.telling import Telling

# Enough to search in; what is timed does not depend on it.
_FEW = ("--documents", "200", "--notes", "50")


@contextmanager
def started(
    folder: Path,
    faults: Iterable[Fault],
    step: float,
    files: Callable[[Cluster], Mapping[str, str]],
    telling: Telling,
) -> Iterator[Rig]:
    """`folder` is empty. `files`: what is generated from a cluster file. Errors: RagpulseError, OSError."""
    state, places = State(folder), free_places()
    with ExitStack() as held:
        telling.step("looking for Prometheus and Alertmanager")
        found = provide(telling.say)
        way = held.enter_context(relay(f"http://127.0.0.1:{places.ports.memory}"))
        state.prepare()
        keep_secrets(state.folder)
        record_backup(state.folder, 0.0)
        for fault in faults:
            held.enter_context(fault.prepared(state.folder))
        text, name = drill_text(state.folder, places, way.url, step), str(state.cluster_file)
        cluster = cluster_file.parse(yaml_file.parse(text, name), name)
        wanted = Wanted(
            demo=True,
            config_file=state.cluster_file,
            cluster_text=text.encode(),
            files=files(cluster),
            processes=_processes(cluster, state, places, found),
            binaries=found,
        )
        held.callback(stop, state)
        bring_up(state, wanted, telling)
        ears = Ears(state.folder / "notifications.jsonl")
        yield Rig(state, places, cluster, {process.name: process for process in wanted.processes}, way, ears)


def _processes(cluster: Cluster, state: State, places: Places, found: Binaries) -> tuple[Process, ...]:
    monitoring = monitoring_processes(
        cluster,
        tuple(cluster.nodes),
        state.folder,
        found,
        python=sys.executable,
        config_file=state.cluster_file,
        agent=agent_of_the_demo(places.ports),
    )
    services = demo_processes(state.folder, places.ports, chroma_environment(), sys.executable)
    # Nobody looks at the Overview page.
    return (*map(_small, services), *(process for process in monitoring if process.name != "overview"))


def _small(process: Process) -> Process:
    return replace(process, argv=(*process.argv, *_FEW)) if process.name == "chroma-fill" else process

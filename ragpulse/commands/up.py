"""`ragpulse up`: start what this machine's part of the cluster is, wait until it is ready, say where to look.

Without a cluster file it is the demo. Exit status 2 for a wrong configuration or a taken port, 1 when something does
not become ready; then nothing is left running.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ragpulse import cluster_file, node_files, refusal, yaml_file
from ragpulse.commands.generate import files
from ragpulse.demo.chroma_environment import chroma_environment
from ragpulse.demo.cluster import cluster_text, keep_secrets
from ragpulse.demo.ports import SETTING, DemoPorts
from ragpulse.demo.processes import agent_of_the_demo, demo_processes
from ragpulse.errors import ConfigError, RagpulseError
from ragpulse.stack import closing
from ragpulse.stack.binaries import Binaries
from ragpulse.stack.bring_up import Wanted, bring_up
from ragpulse.stack.plan import monitoring_processes
from ragpulse.stack.process import Process
from ragpulse.stack.provide import provide
from ragpulse.stack.state import State
from ragpulse.stack.telling import Telling
from ragpulse.stack.this_node import own_addresses, this_node

_USUAL_CONFIG = Path("cluster.yaml")


class UsageError(RagpulseError):
    """Options that do not go together."""

    exit_code = 2


def up(
    config: Annotated[Path | None, typer.Option(help="Cluster file [default: cluster.yaml, else a demo].")] = None,
    node: Annotated[str | None, typer.Option(help="Which node this machine is [default: by its addresses].")] = None,
    state: Annotated[Path, typer.Option(help="Folder for configuration in use, data, logs.")] = closing.DEFAULT_STATE,
    ports_from: Annotated[int | None, typer.Option(help="Demo only: use consecutive ports from this one on.")] = None,
) -> None:
    """Start everything that this machine runs, and wait until it is ready."""
    place, telling = State(state), Telling()
    if config is None and _USUAL_CONFIG.exists():
        config = _USUAL_CONFIG
    with refusal.told(place.folder, "--state"), place.only_one_up():
        with telling.at_work():
            wanted = (
                _cluster(place, config, node, ports_from, telling)
                if config
                else _demo(place, node, ports_from, telling)
            )
            already = bring_up(place, wanted, telling)
        telling.say("already up, with the same configuration" if already else "everything is ready")
        closing.show(telling.console, wanted.plan(), place)


def _cluster(place: State, config: Path, node: str | None, ports_from: int | None, telling: Telling) -> Wanted:
    if ports_from is not None:
        raise UsageError(f"--ports-from moves the demo; the ports of a cluster stand in {config}")
    document = yaml_file.read(config)
    cluster = cluster_file.parse(document, str(config))
    ours = this_node(cluster, node, own_addresses())
    telling.step(f"{config}: this machine is {ours}")
    if problems := node_files.problems(cluster, ours, document):
        raise ConfigError(str(config), problems)
    found = _binaries(telling) if ours in cluster.monitoring_nodes() else None
    return Wanted(
        demo=False,
        config_file=config,
        cluster_text=config.read_bytes(),
        files=files(cluster) if found else {},
        processes=tuple(
            monitoring_processes(
                cluster, (ours,), place.folder, found, python=sys.executable, config_file=place.cluster_file
            )
        ),
        binaries=found,
    )


def _demo(place: State, node: str | None, ports_from: int | None, telling: Telling) -> Wanted:
    if node is not None:
        raise UsageError(f"--node belongs to a cluster file, and there is no {_USUAL_CONFIG} here")
    ports = DemoPorts() if ports_from is None else DemoPorts.starting_at(ports_from)
    chroma = chroma_environment()
    telling.step("no cluster.yaml here: this is the demo")
    found = _binaries(telling)
    keep_secrets(place.folder)
    text, name = cluster_text(place.folder, ports), str(place.cluster_file)
    cluster = cluster_file.parse(yaml_file.parse(text, name), name)
    monitoring = monitoring_processes(
        cluster,
        tuple(cluster.nodes),
        place.folder,
        found,
        python=sys.executable,
        config_file=place.cluster_file,
        notifications=place.folder / "notifications.jsonl",
        agent=agent_of_the_demo(ports),
    )
    return Wanted(
        demo=True,
        config_file=place.cluster_file,
        cluster_text=text.encode(),
        files=files(cluster),
        processes=(
            *demo_processes(place.folder, ports, chroma, sys.executable),
            *(_moved_with_the_demo(process) for process in monitoring),
        ),
        binaries=found,
    )


def _binaries(telling: Telling) -> Binaries:
    telling.step("looking for Prometheus and Alertmanager")
    return provide(telling.say)


def _moved_with_the_demo(process: Process) -> Process:
    """Its cluster file is written anew each time, so its ports are not moved there."""
    return replace(process, listens=tuple(replace(listen, setting=SETTING) for listen in process.listens))

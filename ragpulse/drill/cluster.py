"""The drill's cluster file: the demo's, with a third node, a pair of monitoring nodes, a backup, and the usual times.

alpha has all services and one half of the monitoring, beta the other half and the backup, gamma an agent alone. All
three are this machine. The memory service is asked through a relay.
"""

import time
from pathlib import Path
from typing import Any

import yaml

from ragpulse.borg import state_file
from ragpulse.borg.state import Run, State
from ragpulse.demo.cluster import cluster_text
from ragpulse.drill.places import Places
from ragpulse.units import prometheus_duration

STEP, FAST_STEP = 10.0, 2.0  # seconds between two scrapes: the usual, and accelerated
_FAST_PATH = 5.0
NODES = ("alpha", "beta", "gamma")
MONITORING = ("alpha", "beta")
BACKUP = "documents"
_EVERY = 86_400.0


def drill_text(state: Path, places: Places, memory_url: str, step: float) -> str:
    """`memory_url`: where the memory service is asked."""
    told: dict[str, Any] = yaml.safe_load(cluster_text(state, places.ports))
    port = places.ports.agent
    told["cluster"] = "drill"
    told["nodes"] = {
        node: {"address": places.address(node), "port": port, "networks": {"fast": places.fast(node)}} for node in NODES
    }
    services = told["services"]
    services["memory"]["url"] = memory_url
    # What the demo does twice as often as usual, for whoever watches.
    services["chroma"]["canary"].pop("every")
    if step < STEP:
        services["rag"]["every"] = prometheus_duration(_FAST_PATH)
    else:
        services["rag"].pop("every")
    told["backups"] = {
        BACKUP: {
            "kind": "borg",
            "node": "beta",
            "covers": "chroma",
            "every": prometheus_duration(_EVERY),
            "state_file": str(backup_file(state)),
        }
    }
    monitoring = told["monitoring"]
    monitoring["nodes"] = list(MONITORING)
    monitoring["scrape_interval"] = prometheus_duration(step)
    monitoring["ports"]["alertmanager_cluster"] = places.gossip
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True)


def backup_file(state: Path) -> Path:
    return state / "data" / "borg-documents.json"


def record_backup(state: Path, age: float) -> None:
    """As `borg-run` and `borg-verify` would have, `age` seconds ago."""
    when = time.time() - age
    run = Run(start=when - 60, end=when, exit_code=0, result="success")

    def recorded(before: State) -> State:
        return before.with_run("create", run).with_run("verify", run)

    state_file.update(backup_file(state), recorded)

"""From what is wanted to what runs: everything that can be judged is judged before anything is changed.

What is refused leaves the stack that runs, its cluster file and its configuration as they are.
"""

import hashlib
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from ragpulse import atomic
from ragpulse.stack import code, config_in_use, ports
from ragpulse.stack.binaries import Binaries
from ragpulse.stack.identity import Identity
from ragpulse.stack.process import Process
from ragpulse.stack.ready import PATIENCE, NotReadyError, wait_until_ready
from ragpulse.stack.start import start
from ragpulse.stack.state import Plan, State
from ragpulse.stack.stop import stop, supervisor_of
from ragpulse.stack.telling import Telling

_PROCESSES = TypeAdapter(tuple[Process, ...])


@dataclass(frozen=True, slots=True)
class Wanted:
    """`cluster_text`: the cluster file, byte by byte. `files`: what was generated from it; none for an agent alone."""

    demo: bool
    config_file: Path
    cluster_text: bytes
    files: Mapping[str, str]
    processes: tuple[Process, ...]
    binaries: Binaries | None

    def plan(self) -> Plan:
        digest = hashlib.sha256(code.digest().encode())
        for part in (self.cluster_text, _PROCESSES.dump_json(self.processes)):
            digest.update(part)
        for name in sorted(self.files):
            digest.update(f"\0{name}\0{self.files[name]}".encode())
        return Plan(digest.hexdigest(), self.demo, str(self.config_file.absolute()), self.processes)


def bring_up(state: State, wanted: Wanted, telling: Telling, patience: float = PATIENCE) -> bool:
    """True when it was up already, with the same plan and ready. The same plan that is not ready is started anew, once.

    What was started is stopped again when it does not become ready.
    Errors: RagpulseError (ports, refused configuration, not ready); OSError.
    """
    plan = wanted.plan()
    state.prepare()
    damaged = state.damaged()
    for file in damaged:
        telling.say(f"{file} is damaged, or of another version: not used")
    running, current = supervisor_of(state), state.plan()
    why_anew = "its files are damaged" if damaged else "what is wanted has changed"
    if running and current and current.digest == plan.digest and not damaged:
        try:
            wait_until_ready(state, running, plan.processes, telling.missing, patience)
        except NotReadyError as error:
            telling.say(str(error))
            why_anew = "what runs is not ready"
        else:
            return True
    staged = _staged(state, wanted, telling)
    ports.require_free(plan.processes, but_for=state.folder)
    with ExitStack() as files:
        # On the disk before anything is stopped: a full one must not cost what runs.
        put_cluster_file = files.enter_context(atomic.beside(state.cluster_file, wanted.cluster_text))
        put_plan = files.enter_context(state.plan_beside(plan))
        _clear(state, running, why_anew, telling)
        ports.require_free(plan.processes)
        config_in_use.take(staged, state.config)
        put_cluster_file()
        put_plan()
    try:
        telling.step(f"starting {len(plan.processes)} processes")
        wait_until_ready(state, start(state, sys.executable), plan.processes, telling.missing, patience)
    except BaseException:
        telling.step("stopping what was started")
        stop(state)
        raise
    return False


def _staged(state: State, wanted: Wanted, telling: Telling) -> Path | None:
    """None where nothing of this machine reads generated files."""
    if wanted.binaries is None:
        return None
    telling.step("checking the generated configuration with promtool and amtool")
    return config_in_use.stage(wanted.files, state.config, wanted.binaries)


def _clear(state: State, running: Identity | None, why_anew: str, telling: Telling) -> None:
    """An earlier stack of this folder goes: the one that runs, or what a dead supervisor left behind."""
    if running:
        telling.say(f"{why_anew}: stopping the stack that runs, starting it anew")
        stop(state)
    elif count := stop(state):
        telling.say(f"cleared {count} processes that an earlier supervisor left behind")

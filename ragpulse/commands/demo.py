"""`ragpulse demo stop|start|fault|mend`: break a service of the demo and mend it again. Stopped, it stays stopped.

A fault leaves it running: the stand-in for vLLM does one thing wrong, as a real one was seen to, until it is mended.
"""

import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import httpx
import typer

from ragpulse.demo.vllm_standin.faults import Fault
from ragpulse.errors import RagpulseError
from ragpulse.stack.child import GRACE
from ragpulse.stack.closing import DEFAULT_STATE, command, make_or_command
from ragpulse.stack.process import Process
from ragpulse.stack.ready import pending
from ragpulse.stack.state import Plan, State
from ragpulse.stack.stop import supervisor_of

_STOP_SECONDS = GRACE + 5
_START_SECONDS = 90.0  # a real Chroma on a busy machine
_LOOK = 0.1

app = typer.Typer(help="Break a service of the demo, and mend it.", no_args_is_help=True)


class Service(StrEnum):
    CHROMA = "chroma"
    VLLM = "vllm"
    MEMORY = "memory"


_Name = Annotated[Service, typer.Argument(metavar="NAME", help="chroma, vllm or memory")]
_Kind = Annotated[Fault, typer.Argument(metavar="FAULT", help=f"one of: {', '.join(Fault)}")]
_StateOption = Annotated[Path, typer.Option("--state", help="State folder of the stack.")]


class NotTheDemoError(RagpulseError):
    """What runs is a real cluster's."""

    exit_code = 2


@app.command()
def stop(name: _Name, state: _StateOption = DEFAULT_STATE) -> None:
    """Stop a service of the demo; it stays stopped."""
    place = State(state)
    _require_demo(place)
    place.hold(name)
    seconds = _wait(place, lambda: _is_held(place, name), _STOP_SECONDS, f"{name} did not stop")
    print(f"{name} is stopped ({seconds:.1f} s) and stays stopped until `{command(f'demo start {name}', place)}`")


@app.command()
def start(name: _Name, state: _StateOption = DEFAULT_STATE) -> None:
    """Start a stopped service of the demo again."""
    place = State(state)
    process = next(process for process in _require_demo(place).processes if process.name == name)
    place.tell_fault(name, None)
    place.release(name)
    seconds = _wait(place, lambda: _is_ready(place, process), _START_SECONDS, f"{name} did not become ready")
    print(f"{name} is ready again ({seconds:.1f} s)")


@app.command()
def fault(kind: _Kind, state: _StateOption = DEFAULT_STATE) -> None:
    """Let the stand-in for vLLM do one thing wrong; it goes on running."""
    place = State(state)
    _require_demo(place)
    place.tell_fault(Service.VLLM, kind)
    print(f"vllm is told to {kind} until `{command('demo mend', place)}`")


@app.command()
def mend(state: _StateOption = DEFAULT_STATE) -> None:
    """End the fault of the stand-in for vLLM."""
    place = State(state)
    _require_demo(place)
    place.tell_fault(Service.VLLM, None)
    print("vllm is told to do all as it should")


def _require_demo(place: State) -> Plan:
    plan = place.plan()
    if plan is None or supervisor_of(place) is None:
        raise RagpulseError(f"nothing of {place.folder} runs: start it with `{make_or_command('up', place)}`")
    if not plan.demo:
        raise NotTheDemoError(
            f"what runs here is the cluster of {plan.config_file}, not the demo: its services are yours"
        )
    return plan


def _is_held(place: State, name: str) -> bool:
    status = place.statuses().get(name)
    return status is not None and status.state == "held"


def _is_ready(place: State, process: Process) -> bool:
    with httpx.Client(trust_env=False, timeout=2) as client:
        return not pending(client, {process.name: process}, place.statuses(), set())


def _wait(place: State, truth: Callable[[], bool], seconds: float, otherwise: str) -> float:
    """How long it took. Errors: RagpulseError."""
    begin = time.monotonic()
    while not truth():
        if time.monotonic() - begin > seconds:
            raise RagpulseError(
                f"{otherwise} within {seconds:.0f} s; see `{make_or_command('status', place)}` and {place.logs}"
            )
        time.sleep(_LOOK)
    return time.monotonic() - begin

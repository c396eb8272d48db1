"""`ragpulse down`: end everything that `up` started from this state folder, and look that nothing is left."""

from pathlib import Path
from typing import Annotated

import typer

from ragpulse import refusal
from ragpulse.errors import RagpulseError
from ragpulse.stack import ports
from ragpulse.stack.closing import DEFAULT_STATE
from ragpulse.stack.state import State
from ragpulse.stack.stop import stop


def down(
    state: Annotated[Path, typer.Option(help="State folder of the stack.")] = DEFAULT_STATE,
) -> None:
    """Stop everything; leaves no process and no open port. Data and logs stay."""
    place = State(state)
    with refusal.told(place.folder, "--state"):
        for file in place.damaged():
            print(f"{file} is damaged, or of another version: removed; processes are found without it")
        plan = place.plan()
        count = stop(place)
    if count == 0:
        print(f"nothing of {place.folder} runs")
        return
    processes = plan.processes if plan else ()
    listens = sum(len(process.listens) for process in processes)
    if left := ports.taken(processes):
        raise RagpulseError("\n".join(["all processes are stopped, but:", *(line for _, line in left)]))
    print(f"stopped {count} processes; none is left and all {listens} ports are free again")

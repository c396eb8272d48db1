"""What does `up` say at its end? What runs, where to look, how to stop."""

import shlex
import shutil
import sys
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ragpulse.stack.process import Process
from ragpulse.stack.state import Plan, State

DEFAULT_STATE = Path(".ragpulse")


def show(console: Console, plan: Plan, state: State) -> None:
    held = state.held()
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("runs", "what it is", "listens on"):
        table.add_column(title, overflow="fold")
    for process in plan.processes:
        table.add_row(process.name, process.about + _condition(process, held), " ".join(map(str, process.listens)))
    console.print()
    console.print(table)
    console.print("\nWhere to look")
    for process in sorted(plan.processes, key=_overview_first):
        if process.look_url:
            console.print(f"  {process.name:<14} {process.look_url}", soft_wrap=True)
    if plan.demo:
        console.print("\nThis is a demo: both agents read this one machine, and their GPUs are simulated.")
        console.print("Break something and watch the Overview:")
        console.print(f"  {command('demo stop chroma', state)}", soft_wrap=True)
        console.print(f"  {command('demo start chroma', state)}", soft_wrap=True)
    console.print(f"\nTo stop: {make_or_command('down', state)}\n", soft_wrap=True)


def command(words: str, state: State) -> str:
    """As it is to be typed here: with the path of the program where it is not on PATH, with the state if not usual."""
    program = Path(sys.executable).parent / "ragpulse"
    if shutil.which(program.name) == str(program):
        program = Path(program.name)
    elif program.is_relative_to(Path.cwd()):
        program = program.relative_to(Path.cwd())
    option = "" if _usual(state) else f" --state {shlex.quote(str(state.folder))}"
    return f"{shlex.quote(str(program))} {words}{option}"


def make_or_command(verb: str, state: State) -> str:
    """`up`, `down` or `status`: a clone with its usual folder has them in its Makefile."""
    if _usual(state) and Path("Makefile").exists():
        return f"make {verb}"
    return command(verb, state)


def _usual(state: State) -> bool:
    return state.folder == DEFAULT_STATE.resolve()


def _condition(process: Process, held: set[str]) -> str:
    return " (stopped on request)" if process.name in held else ""


def _overview_first(process: Process) -> bool:
    return process.name != "overview"

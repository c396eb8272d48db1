"""`ragpulse status`: what runs, since when, how often it had to be started again. Exit status 1 unless all runs."""

import json
import time
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ragpulse import refusal
from ragpulse.maintenance.announced import Announced, latest
from ragpulse.maintenance.silences import TIMEOUT, AwayError, Silences
from ragpulse.stack.closing import DEFAULT_STATE, make_or_command
from ragpulse.stack.identity import members
from ragpulse.stack.process import Process
from ragpulse.stack.state import Plan, State, Status
from ragpulse.stack.stop import supervisor_of
from ragpulse.stack.telling import Telling
from ragpulse.units import human_duration

_WELL = {"running", "done"}
_ALERTMANAGER = "alertmanager"


def status(
    state: Annotated[Path, typer.Option(help="State folder of the stack.")] = DEFAULT_STATE,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Say what runs, since when, and where it listens."""
    place = State(state)
    with refusal.told(place.folder, "--state"):
        plan, statuses, damaged = place.plan(), place.statuses(), place.damaged()
        supervised = supervisor_of(place) is not None
    rows = [
        _row(process, statuses.get(process.name), supervised=supervised) for process in (plan.processes if plan else ())
    ]
    work = _announced(plan) if supervised and plan else ()
    if as_json:
        found = {"state": str(place.folder), "supervised": supervised, "processes": rows}
        print(
            json.dumps(
                found | {"damaged": [str(file) for file in damaged], "announced": [*map(asdict, work)]}, indent=2
            )
        )
    else:
        _show(place, rows, damaged, supervised=supervised)
        for each in work:
            until = datetime.fromtimestamp(each.ends).astimezone()
            print(f"work on {each.on.name} is announced until {until:%F %T %Z} ({each.owner}: {each.why})")
    if not (supervised and all(row["state"] in _WELL for row in rows)):
        raise typer.Exit(1)


def _announced(plan: Plan) -> tuple[Announced, ...]:
    """To the Alertmanagers that run here; one that does not answer is a process that has a row."""
    found: list[Announced] = []
    with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
        for process in plan.processes:
            if process.name == _ALERTMANAGER and process.look_url:
                with suppress(AwayError):
                    found += Silences(client, process.look_url).listed()
    return latest(found)


def _row(process: Process, status: Status | None, *, supervised: bool) -> dict[str, Any]:
    status = status or Status(process.name)
    alive = status.identity is not None and status.identity.alive()
    condition: str = status.state
    if not supervised:
        condition = "unwatched" if alive else "gone"
    elif condition == "running" and not alive:
        condition = "gone"
    return {
        "process": process.name,
        "state": condition,
        "since": status.since,
        "restarts": status.restarts,
        "last_exit_code": status.exit_code,
        "pid": status.identity.pid if status.identity and alive else None,
        "listens": [str(listen) for listen in process.listens],
    }


def _show(place: State, rows: list[dict[str, Any]], damaged: list[Path], *, supervised: bool) -> None:
    telling = Telling()
    for file in damaged:
        telling.say(f"{file} is damaged, or of another version; `{make_or_command('down', place)}` removes it")
    if not rows:
        running = len(members(place.folder))
        telling.say(f"{running} processes run and no plan says which" if running else f"nothing of {place.folder} runs")
        return
    if not supervised:
        mend = make_or_command("up", place)
        telling.say(f"the supervisor is gone: what still runs is not watched; `{mend}` clears that up")
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("process", "state", "for", "restarts", "listens on"):
        table.add_column(title, overflow="fold")
    now = time.time()
    for row in rows:
        lasted = human_duration(max(now - row["since"], 1)) if row["since"] else ""
        table.add_row(row["process"], row["state"], lasted, str(row["restarts"]), " ".join(row["listens"]))
    telling.console.print(table)

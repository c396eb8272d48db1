"""`ragpulse maintenance start|end|list`: work is announced, so that nobody is told of it and no budget pays for it.

It is told to every Alertmanager of the cluster file; one that answers suffices, for a pair tells each other. Exit
status 2 for what the cluster file does not have, 1 where no Alertmanager answers or nothing was announced.
"""

import getpass
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import httpx
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from alerts.timing import settling
from ragpulse import cluster_file, endpoints, units
from ragpulse.dependencies import Component, Dependencies
from ragpulse.errors import RagpulseError
from ragpulse.inventory import Cluster
from ragpulse.maintenance.announced import MOST_WORDS, Announced, covered, latest
from ragpulse.maintenance.silences import TIMEOUT, AwayError, Silences, matchers
from ragpulse.nearest import nearest
from ragpulse.overview.asked import UsageError
from ragpulse.stack.telling import Telling
from ragpulse.units import human_duration

app = typer.Typer(help="Announce work, so that nobody is told of what it breaks.", no_args_is_help=True)

_LONGEST = 86_400.0
T = TypeVar("T")

_On = Annotated[str, typer.Argument(metavar="SERVICE|NODE", help="node:NAME or service:NAME where both are called so.")]
_Config = Annotated[Path, typer.Option(help="The cluster file.")]


@app.command()
def start(
    on: _On,
    *,
    lasts: Annotated[str, typer.Option("--for", metavar="TIME", help="How long; it ends by itself.")] = "2h",
    why: Annotated[str | None, typer.Option(metavar="TEXT", help="What is done.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who does it [default: you].")] = None,
    force: Annotated[bool, typer.Option("--force", help="Let it last longer than a day.")] = False,
    config: _Config = Path("cluster.yaml"),
) -> None:
    """Announce work on a service, or on a node and all that needs it. A second time makes it longer."""
    cluster = cluster_file.load(config)
    work = Announced(
        _found(cluster, on),
        _words("--owner", getpass.getuser() if owner is None else owner),
        "" if why is None else _words("--why", why),
        time.time() + _seconds(lasts, force=force),
        silence="",
    )
    graph = Dependencies(cluster)
    told = _everyone(cluster, lambda silences: silences.announce(work, matchers(graph, work)))
    (longest,) = latest(told.values())
    telling = Telling()
    telling.say(f"{work.on.name}: work is announced until {_moment(longest.ends)} ({longest.owner}: {longest.why})")
    telling.say(f"covered: {_covers(graph, work.on)}")
    telling.say(f"told to: {', '.join(told)}")


@app.command()
def end(on: _On, *, config: _Config = Path("cluster.yaml")) -> None:
    """Say that the work is done. What it broke is given a moment to recover before anybody is told of it."""
    cluster = cluster_file.load(config)
    moment = settling(cluster)
    work = Announced(_found(cluster, on), "", "", time.time() + moment, silence="")
    graph = Dependencies(cluster)
    told = _everyone(cluster, lambda silences: silences.let_end(work, matchers(graph, work)))
    if not any(told.values()):
        raise RagpulseError(f"{work.on.name}: no work is announced; `ragpulse maintenance list` shows what is")
    Telling().say(f"{work.on.name}: the work ends in {human_duration(moment)}, so that what it broke can recover")


@app.command("list")
def list_(
    *,
    config: _Config = Path("cluster.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what is announced, by whom, why, and until when."""
    cluster = cluster_file.load(config)
    graph = Dependencies(cluster)
    found = latest(each for listed in _everyone(cluster, Silences.listed).values() for each in listed)
    if as_json:
        rows = [
            {
                **asdict(each.on),
                "owner": each.owner,
                "why": each.why,
                "ends": each.ends,
                "covers": covered(graph, each.on),
            }
            for each in found
        ]
        print(json.dumps(rows, indent=2))
        return
    telling = Telling()
    if not found:
        telling.say("no work is announced")
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("on", "until", "left", "owner", "why", "covers"):
        table.add_column(title, overflow="fold")
    for each in found:
        left = human_duration(max(each.ends - time.time(), 1))
        table.add_row(each.on.name, _moment(each.ends), left, each.owner, each.why, _covers(graph, each.on))
    telling.console.print(table)


def _found(cluster: Cluster, on: str) -> Component:
    kind, _, name = on.rpartition(":")
    found = [each for each in Dependencies(cluster).find(name) if each.kind != "backup" and kind in {"", each.kind}]
    if not found:
        hint = nearest(name, (*cluster.services, *cluster.nodes), listed="there is:")
        raise UsageError(f"{on}: no service or node of {cluster.name} is called so{hint}")
    if len(found) > 1:
        raise UsageError(f"{on}: a node and a service are called so; write node:{name} or service:{name}")
    return found[0]


def _seconds(lasts: str, *, force: bool) -> float:
    try:
        seconds = units.duration(lasts)
    except ValueError as error:
        raise UsageError(f"--for: {error}") from error
    if seconds > _LONGEST and not force:
        raise UsageError(f"--for {lasts}: longer than a day is soon forgotten; add --force if it must be")
    return seconds


def _words(option: str, text: str) -> str:
    if not text.strip() or len(text) > MOST_WORDS or not text.isprintable():
        raise UsageError(f"{option}: write a few words on one line, at most {MOST_WORDS} characters")
    return text.strip()


def _everyone(cluster: Cluster, question: Callable[[Silences], T]) -> dict[str, T]:
    """Address → its answer. Errors: AwayError where none answers; one that does not is said."""
    told: dict[str, T] = {}
    away: list[str] = []
    # trust_env: a proxy of the environment has no business here
    with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
        for place in endpoints.alertmanager(cluster).values():
            try:
                told[place] = question(Silences(client, f"http://{place}"))
            except AwayError as error:
                away.append(str(error))
    if not told:
        nodes = " or ".join(cluster.monitoring_nodes())
        raise AwayError(f"no Alertmanager can be asked; call this on {nodes}: {'; '.join(away)}")
    for each in away:
        print(f"{each}: it hears of this from its peer", file=sys.stderr)
    return told


def _covers(graph: Dependencies, on: Component) -> str:
    itself = (on.name,) if on.kind == "node" else ()
    return ", ".join((*itself, *covered(graph, on)))


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds).astimezone():%F %T %Z}"

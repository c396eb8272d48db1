"""`ragpulse drill`: break a demo of its own, fault by fault, and time who is told.

Exit status 1 where somebody was told too late, too often, of something else or not at all, and for anything worse than
in the table of `--against`; 2 for what cannot be asked. A real cluster is never touched.
"""

import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ragpulse import refusal, units
from ragpulse.commands.generate import files
from ragpulse.drill import kept
from ragpulse.drill.cluster import FAST_STEP, STEP
from ragpulse.drill.compare import regressions
from ragpulse.drill.document import cells
from ragpulse.drill.fault import Fault
from ragpulse.drill.faults import FAULTS
from ragpulse.drill.measured_on import about, commit
from ragpulse.drill.rounds import demos, rounds
from ragpulse.drill.row import Row, row, wrong
from ragpulse.drill.run import Run
from ragpulse.drill.start import started
from ragpulse.errors import RagpulseError
from ragpulse.nearest import nearest
from ragpulse.stack.telling import Telling

_TITLES = (
    "fault",
    "told as",
    "runs",
    "half within",
    "all within",
    "limits",
    "pages",
    "messages",
    "watched on",
    "besides",
)


class UsageError(RagpulseError):
    """What cannot be asked for."""

    exit_code = 2


def drill(
    *,
    names: Annotated[list[str] | None, typer.Argument(metavar="[FAULT]...", help="All of them, unless told.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="How often each is made.")] = 1,
    watch_after: Annotated[str, typer.Option(metavar="TIME", help="Watch on after the last mending.")] = "",
    accelerated: Annotated[bool, typer.Option("--accelerated", help="Every 2 s instead of 10 s.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Name the faults, and do nothing.")] = False,
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep the times; others in it stay.")] = None,
    against: Annotated[Path | None, typer.Option(metavar="FILE", help="Compare with kept times.")] = None,
    config: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Break a demo on purpose, and time who is told. It is started for that, and goes with it."""
    if config is not None:
        raise UsageError(f"--config {config}: no real cluster is broken on purpose; drill starts a demo of its own")
    if listed:
        _list(Telling().console)
        return
    chosen, watched = _chosen(names or ()), _seconds(watch_after) if watch_after else 0.0
    before = _before(against, save)
    telling = Telling()
    rows: dict[str, Row] = {}
    with _ended_by_sigterm():
        for together in demos(_possible(chosen, telling)):
            for found in _measured(together, runs, watched, telling, accelerated=accelerated):
                rows[found.fault] = found
                if save is not None:
                    with refusal.told(save.parent, "--save"):
                        kept.save(save, rows.values(), about(" ".join(["ragpulse", *sys.argv[1:]])))
    _show(telling.console, rows.values())
    bad = [*wrong(rows.values()), *regressions(before, rows.values())]
    for line in bad:
        telling.say(line)
    if bad:
        raise typer.Exit(1)


def _before(against: Path | None, save: Path | None) -> tuple[Row, ...]:
    """What is compared with. Neither file is found to be wrong only after an hour."""
    if against is not None and not against.exists():
        raise UsageError(f"--against {against}: there is no such file")
    if save is not None:
        if not save.parent.is_dir():
            raise UsageError(f"--save {save}: there is no folder {save.parent}")
        kept.load(save)
    return kept.load(against) if against else ()


def _chosen(names: Sequence[str]) -> tuple[Fault, ...]:
    known = {fault.name: fault for fault in FAULTS}
    for name in names:
        if name not in known:
            raise UsageError(f"{name}: there is no such fault{nearest(name, known)}")
    return tuple(fault for fault in FAULTS if fault.name in names) if names else FAULTS


def _seconds(text: str) -> float:
    try:
        return units.duration(text)
    except ValueError as error:
        raise UsageError(f"--watch-after: {error}") from error


def _possible(chosen: Iterable[Fault], telling: Telling) -> Iterator[Fault]:
    for fault in chosen:
        if reason := fault.refused():
            telling.say(f"{fault.name} is left out: {reason}")
        else:
            yield fault


def _measured(
    faults: Sequence[Fault], runs: int, watched: float, telling: Telling, *, accelerated: bool
) -> Iterator[Row]:
    """The row of a fault after each run of it. What a demo wrote is kept for its logs, unless all went well."""
    folder = Path(tempfile.mkdtemp(prefix="ragpulse-drill-"))
    done: dict[str, list[Run]] = {}
    version = commit()
    try:
        with telling.at_work(), started(folder, faults, FAST_STEP if accelerated else STEP, files, telling) as rig:
            for fault, run in rounds(rig, faults, runs, watched, telling.step):
                done.setdefault(fault.name, []).append(run)
                telling.say(f"{fault.name}: {_told(run)}")
                yield row(fault, done[fault.name], version, accelerated=accelerated)
    except BaseException:
        telling.say(f"what the demo wrote is kept in {folder}")
        raise
    shutil.rmtree(folder)


def _told(run: Run) -> str:
    heard = ", ".join(f"{count} x {name}" for name, count in sorted(run.heard.items())) or "nothing"
    when = "" if run.seconds is None else f" after {run.seconds:.1f} s"
    return f"told{when}: {heard} (load {run.load:.1f})"


def _list(console: Console) -> None:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("fault", "what is broken", "told as", "here"):
        table.add_column(title, overflow="fold")
    for fault in FAULTS:
        table.add_row(fault.name, fault.what, fault.alert or "nothing", fault.refused() or "yes")
    console.print(table)


def _show(console: Console, rows: Iterable[Row]) -> None:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in _TITLES:
        table.add_column(title, overflow="fold")
    for found in rows:
        table.add_row(found.fault + (" (accelerated)" if found.accelerated else ""), *cells(found))
    console.print(table)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """As by Ctrl-C: what is broken is mended, and what runs is ended."""

    def end(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

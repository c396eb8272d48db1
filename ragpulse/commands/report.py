"""`ragpulse report`: every target over a window; what was measured kept as a baseline, or compared with one.

Exit status 1 where something became worse than the baseline, where Prometheus cannot be asked, and where there is
nothing to save; 2 for a file that is no saved report.
"""

import json
from collections.abc import Callable, Coroutine
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from ragpulse import cluster_file, refusal, units
from ragpulse.inventory import Cluster
from ragpulse.overview.asked import UsageError, asked, url_of
from ragpulse.overview.prometheus_api import PrometheusApi
from ragpulse.report import tables
from ragpulse.report.attained import Attained, attained
from ragpulse.report.compare import compare, notes
from ragpulse.report.measure import measure, now
from ragpulse.report.saved import LATEST, Report, load, save
from ragpulse.report.window import Window
from ragpulse.report.window import window as window_of
from ragpulse.stack.telling import Telling

_TIMEOUT = 60.0  # for all questions together; a long window has many points
_DEFAULT_WINDOW = "1h"

T = TypeVar("T")


def report(
    *,
    config: Annotated[Path, typer.Option(help="The cluster file.")] = Path("cluster.yaml"),
    window: Annotated[str, typer.Option(help="How long: 1h, or as long as the baseline, unless told.")] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Its end, like 2026-11-24T09:30; now, unless told.")] = "",
    prometheus: Annotated[str, typer.Option(metavar="URL", help="Prometheus, if not on this host.")] = "",
    save_as: Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Keep this as a baseline.")] = None,
    against: Annotated[Path | None, typer.Option(metavar="FILE", help="Compare with a kept baseline.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Judge every target over a window; keep what was measured, or compare it with what was kept."""
    if save_as and against:
        raise UsageError("--save and --against: one at a time; compare first, then save")
    cluster = cluster_file.load(config)
    asking = _Asking(cluster, prometheus, until)
    if against:
        _compare(asking, load(against), window, as_json=as_json)
    elif save_as:
        kept = asking.measure(window)
        with refusal.told(save_as.parent, "--save"):
            save(kept, save_as)
        print(f"{save_as}: {_span(kept.window)} kept")
    else:
        _show(asking, window, as_json=as_json)


class _Asking:
    """One Prometheus, and until when it is asked."""

    def __init__(self, cluster: Cluster, prometheus: str, until: str) -> None:
        self.cluster = cluster
        self._until = _moment(until) if until else None
        self._url = url_of(cluster, prometheus)

    async def window(self, prometheus: PrometheusApi, text: str, like: Window | None = None) -> Window:
        """As long as `text` says, in the steps of another one where that is given."""
        interval = self.cluster.monitoring.scrape_interval
        try:
            seconds = units.duration(text or _DEFAULT_WINDOW)
        except ValueError as error:
            raise UsageError(f"--window: {error}") from error
        if like and text and seconds != like.seconds:
            raise UsageError(
                f"--window {text}: the saved report covers {units.prometheus_duration(like.seconds)}; leave it out"
            )
        # The last scrape may still be on its way into the database.
        end = self._until if self._until is not None else await now(prometheus) - interval
        return replace(like, end=end) if like else window_of(end, seconds, interval)

    def measure(self, text: str, like: Window | None = None) -> Report:
        async def measured(prometheus: PrometheusApi) -> Report:
            return await measure(self.cluster.name, prometheus, await self.window(prometheus, text, like))

        return self.asked(measured)

    def asked(self, question: Callable[[PrometheusApi], Coroutine[Any, Any, T]]) -> T:
        return asked(self._url, question, within=_TIMEOUT)


def _show(asking: _Asking, text: str, *, as_json: bool) -> None:
    async def judged_and_measured(prometheus: PrometheusApi) -> tuple[tuple[Attained, ...], Report]:
        window = await asking.window(prometheus, text)
        judged = await attained(asking.cluster, prometheus, window)
        return judged, await measure(asking.cluster.name, prometheus, window)

    judged, found = asking.asked(judged_and_measured)
    if as_json:
        numbers = found.model_dump(exclude={"measured": {"__all__": {"nodes"}}})
        print(json.dumps(numbers | {"targets": [asdict(one) for one in judged]}, indent=2))
        return
    console = Telling().console
    console.print(f"{asking.cluster.name}, {_span(found.window)}\n")
    console.print(tables.targets(judged), "", tables.measured(found.measured), sep="\n")


def _compare(asking: _Asking, before: Report, text: str, *, as_json: bool) -> None:
    found = asking.measure(text, before.window)
    compared = compare(asking.cluster, before, found)
    remarks = list(notes(asking.cluster, before))
    if as_json:
        spans = {name: {"start": one.start, "end": one.end} for name, one in (("before", before), ("now", found))}
        rows = [asdict(one) for one in compared]
        print(json.dumps({"cluster": asking.cluster.name, **spans, "notes": remarks, "compared": rows}, indent=2))
    else:
        console = Telling().console
        console.print(f"{asking.cluster.name}, {_span(before.window)}, and {_span(found.window)}\n")
        console.print(tables.comparisons(compared))
        for line in (*remarks, *tables.summary(compared)):
            console.print(line)
    if any(one.verdict == "worse" for one in compared):
        raise typer.Exit(1)


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        moment = -1.0
    if not 0 <= moment < LATEST:
        raise UsageError(f"--until {text}: write a time like 2026-11-24T09:30, of here or with +00:00")
    return moment


def _span(window: Window) -> str:
    start, end = (datetime.fromtimestamp(time).astimezone() for time in (window.start, window.end))
    return f"{units.prometheus_duration(window.seconds)} from {start:%F %T} to {end:%F %T %Z}"

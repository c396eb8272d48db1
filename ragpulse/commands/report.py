"""`ragpulse report`: every target over a window, on the terminal or as a file; what was measured kept as a baseline, or
compared with one.

Exit status 1 where something became worse than the baseline, where Prometheus cannot be asked, and where there is
nothing to save; 2 for a file that is no saved report.
"""

import json
from collections.abc import Callable, Coroutine
from dataclasses import asdict, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from ragpulse import atomic, cluster_file, refusal, units
from ragpulse.inventory import Cluster
from ragpulse.overview.asked import UsageError, asked, url_of
from ragpulse.overview.prometheus_api import PrometheusApi
from ragpulse.report import tables, wording
from ragpulse.report.account import Account, Target, account
from ragpulse.report.compare import compare, notes
from ragpulse.report.html import html
from ragpulse.report.markdown import markdown
from ragpulse.report.measure import measure, now
from ragpulse.report.saved import LATEST, Report, load, save
from ragpulse.report.window import Window
from ragpulse.report.window import window as window_of
from ragpulse.stack.telling import Telling

_TIMEOUT = 60.0  # for all questions together; a long window has many points
_DEFAULT_WINDOW = "1h"

T = TypeVar("T")


class Format(StrEnum):
    TABLE = "table"
    MARKDOWN = "markdown"
    HTML = "html"


def report(
    *,
    config: Annotated[Path, typer.Option(help="The cluster file.")] = Path("cluster.yaml"),
    window: Annotated[str, typer.Option(help="How long: 1h, or as long as the baseline, unless told.")] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="Its end, like 2026-11-24T09:30; now, unless told.")] = "",
    prometheus: Annotated[str, typer.Option(metavar="URL", help="Prometheus, if not on this host.")] = "",
    save_as: Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Keep this as a baseline.")] = None,
    against: Annotated[Path | None, typer.Option(metavar="FILE", help="Compare with a kept baseline.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    form: Annotated[Format, typer.Option("--format", help="Of the account of targets.")] = Format.TABLE,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there, whole or not at all.")] = None,
) -> None:
    """Judge every target over a window; keep what was measured, or compare it with what was kept."""
    if save_as and against:
        raise UsageError("--save and --against: one at a time; compare first, then save")
    if (as_document := form is not Format.TABLE) and (save_as or against or as_json):
        raise UsageError("--format: of the account of targets alone; leave out --save, --against and --json")
    if out and not as_document:
        raise UsageError("--out: say in which form, with --format markdown or --format html")
    cluster = cluster_file.load(config)
    asking = _Asking(cluster, prometheus, until)
    if against:
        _compare(asking, load(against), window, as_json=as_json)
    elif save_as:
        kept = asking.measure(window)
        with refusal.told(save_as.parent, "--save"):
            save(kept, save_as)
        print(f"{save_as}: {wording.span(kept.window)} kept")
    elif as_document:
        _write(asking, window, form, out)
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
    async def told_and_measured(prometheus: PrometheusApi) -> tuple[Account, Report]:
        window = await asking.window(prometheus, text)
        # What was measured first: where there is nothing, that is said.
        found = await measure(asking.cluster.name, prometheus, window)
        return await account(asking.cluster, prometheus, window), found

    told, found = asking.asked(told_and_measured)
    if as_json:
        numbers = found.model_dump(exclude={"measured": {"__all__": {"nodes"}}})
        targets = [asdict(one.attained) | _causes(one) for one in told.targets]
        rest = {"alerts": [asdict(one) for one in told.alerts], "whole": told.whole, "bands": told.bands}
        numbers["announced"] = told.announced
        print(json.dumps(numbers | {"targets": targets} | rest, indent=2))
        return
    console = Telling().console
    console.print(f"{asking.cluster.name}, {wording.span(found.window)}\n")
    console.print(tables.targets(told.targets), "", sep="\n")
    for table in tables.sources(told):
        console.print(table, "", sep="\n")
    for fact in wording.facts(told):
        console.print(fact, markup=False)
    console.print("", tables.measured(found.measured), sep="\n")


def _causes(one: Target) -> dict[str, Any]:
    return {
        "worst": one.worst and asdict(one.worst),
        "burnt": [asdict(each) for each in one.burnt],
        "episodes": [asdict(each) for each in one.alerts],
    }


def _write(asking: _Asking, text: str, form: Format, out: Path | None) -> None:
    async def told(prometheus: PrometheusApi) -> Account:
        return await account(asking.cluster, prometheus, await asking.window(prometheus, text))

    found = asking.asked(told)
    document = html(found) if form is Format.HTML else markdown(found)
    if out is None:
        print(document, end="")
        return
    with refusal.told(out.parent, "--out"):
        atomic.write(out, document)
    print(f"{out}: {wording.span(found.window)}")


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
        console.print(f"{asking.cluster.name}, {wording.span(before.window)}, and {wording.span(found.window)}\n")
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

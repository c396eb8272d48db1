"""docs/benchmarks.md: what was measured, on what, and how to read it."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks import (
    chroma_cost,
    costs,
    curves,
    demo,
    generating,
    gpus,
    hung,
    overview_page,
    rag_stages,
    side_by_side,
    vllm_page,
)
from benchmarks.chroma_cost import ChromaCost
from benchmarks.cluster_files import WEB_SERVICES
from benchmarks.curves import Point
from benchmarks.demo import Background
from benchmarks.generating import Generated
from benchmarks.gpus import Gpus
from benchmarks.hung import Hung
from benchmarks.limits import Judgement, ratios
from benchmarks.machine import Machine
from benchmarks.markdown import Row, mebibytes, milliseconds, percent, table
from benchmarks.overview_page import PageTimes
from benchmarks.pacing import SETTLE
from benchmarks.process import Holdings
from benchmarks.rag_stages import Slowed
from benchmarks.side_by_side import SideBySide
from benchmarks.vllm_page import PageCost
from exporters.source import READING_INTERVAL

_HEAD = """\
<!-- written by make bench; do not edit -->
# Benchmarks

`make bench` on {machine.date}, commit {machine.commit}, {machine.cores} (load {machine.load:.2f} at the start),
Python {machine.python}; {machine.versions}.

One client measures all, with the requests that Prometheus sends (gzip, one kept connection), from the request to the
last byte; it unpacks nothing meanwhile. Percentiles are durations that were seen (nearest rank). CPU is read from the
process's own clock, which counts what `utime` and `stime` count, but finer than in ticks of 10 ms. Memory is what is
resident (RSS) after all scrapes; PSS divides what is shared among those who share it. Every program has been started
once before, so that Python finds its modules compiled.

A ratio below 1 is in our favour. node_exporter does its work when it is asked; our agent reads and probes by its own
clock, whoever asks, and answers from memory: what it does in between is its CPU while nobody asks.
"""

_SIDE_BY_SIDE = """
## Beside node_exporter

Our agent watches this machine, the demo's services and, as a web service, {web}; node_exporter has its default
collectors.

- *Fresh*: {size.pairs} processes of each kind, each scraped every {period:g} s, in turn. Our sources run every
  {usual:g} s, so each page is new, and the pages themselves prove it: one counts only when it says of every source that
  it has run since the page before (but for sources that run less often than that, as the GPU's state). {stale} of {all}
  did not count. CPU is taken from just before a scrape until {settle:.0f} ms after it, less what the process takes in
  that time while nobody asks.
- *Back to back*: one of each, {size.back_to_back} scrapes each in turn without a pause; most of our pages are unchanged
  then. CPU is that of the whole block, less the background.
"""

_DEMO = """
## The demo in the background

The demo as `ragpulse up` starts it, its users at work: CPU in percent of one core over {seconds:g} s while nobody
scrapes, and over as long with one scrape every {period:g} s. The supervisor is the process that `up` leaves behind.
"""

_HUNG = """
## While sources hang

Two agents with {sources} made-up sources each, due every {interval:g} s, asked in turn: in one all sources work, in the
other all but one hang for ever, half of them in a system call, and are cut at their deadline. The one that works says
as much as all together, so that pages of about one size are compared.
"""

_CURVES = """
## How the cost grows

Sources and series are made up (10 series in each source; 10 sources for the series). Services are web services on
loopback, probed by the agent as a node runs it, beside its own sources. Everything made up and every probe runs each
{interval:g} s, {times:g} times as often as usual, so that each scrape finds a new page: so the background is {times:g}
times the usual. An agent of made-up sources loads no HTTP client and no cluster file: its memory shows the growth, not
the size of a real one.
"""


@dataclass(frozen=True, slots=True)
class Results:
    machine: Machine
    side_by_side: SideBySide
    demo: list[Background]
    demo_seconds: float
    gpus: Gpus
    hung: Hung
    curves: list[Point]
    polled: list[PageCost]
    watched: list[ChromaCost]
    walked: list[Slowed]
    shown: PageTimes
    generated: list[Generated]
    judgements: list[Judgement]


def document(results: Results) -> str:
    found = results.side_by_side
    side_by_side_text = _SIDE_BY_SIDE.format(
        web=", ".join(WEB_SERVICES),
        size=found.size,
        period=side_by_side.PERIOD,
        usual=READING_INTERVAL,
        stale=found.stale,
        all=found.size.pairs * found.size.rounds,
        settle=SETTLE * 1000,
    )
    parts = (
        _HEAD.format(machine=results.machine),
        "## Limits\n",
        table(("limit", "measured", "at least", "at most", "kept"), map(_limit, results.judgements)),
        side_by_side_text,
        costs.table_of(found),
        gpus.section(results.gpus),
        _DEMO.format(seconds=results.demo_seconds, period=demo.SCRAPE_PERIOD),
        table(("process", "alone", "scraped", "RSS, MiB", "PSS, MiB", "series"), map(_background, results.demo)),
        _HUNG.format(sources=hung.SOURCES, interval=hung.INTERVAL),
        table(("", "p50, ms", "p99, ms", "least, ms", "scrapes", "series"), _hung(results.hung)),
        _CURVES.format(interval=curves.INTERVAL, times=READING_INTERVAL / curves.INTERVAL),
        table(
            ("", "series of the page", "p50, ms", "p99, ms", "scrapes", "background", "RSS, MiB", "threads"),
            map(_point, results.curves),
        ),
        vllm_page.section(results.polled),
        chroma_cost.section(results.watched),
        rag_stages.section(results.walked),
        overview_page.section(results.shown),
        generating.section(results.generated),
        f"\n`{ratios(found)}`",
    )
    return "\n".join(parts) + "\n"


def _limit(judged: Judgement) -> Row:
    limit = f"{judged.limit:g}"
    bounds = (limit, "") if judged.at_least else ("", limit)
    return (judged.what, f"{judged.measured:.4g}", *bounds, "yes" if judged.kept else "**no**")


def _background(process: Background) -> Row:
    series = "" if process.series is None else str(process.series)
    return process.name, percent(process.alone), percent(process.scraped), *_memory(process.holdings), series


def _hung(found: Hung) -> Iterator[Row]:
    for what, seen in (("all sources work", found.healthy), ("all but one hang", found.hung)):
        latency = seen.latency
        durations = map(milliseconds, (latency.p50, latency.p99, latency.least))
        yield what, *durations, str(latency.count), str(seen.series)


def _point(point: Point) -> Row:
    return (
        f"{point.what}: {point.count}",
        str(point.series),
        milliseconds(point.latency.p50),
        milliseconds(point.latency.p99),
        str(point.latency.count),
        percent(point.background),
        mebibytes(point.holdings.rss),
        str(point.holdings.threads),
    )


def _memory(held: Holdings) -> tuple[str, str]:
    return mebibytes(held.rss), "" if held.pss is None else mebibytes(held.pss)

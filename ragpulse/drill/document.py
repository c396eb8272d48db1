"""docs/detection-times.md, from what was measured: how soon somebody is told, how often, and on what."""

from collections.abc import Iterable, Iterator, Sequence

from ragpulse.drill.row import Row

_HEAD = """\
<!-- written by ragpulse drill --save; do not edit -->
# Detection times

How long it takes from a fault to the message at the receiver, and how often somebody is told of it. Each fault was made
on purpose, on a demo of real processes: three nodes, one of them with all services, two with a Prometheus and an
Alertmanager each that know each other. Before each run everything was well and silent; the time starts before the
fault is made and ends when the receiver was told. Pages and messages are counted from there until the fault is mended,
everything is silent again, and for as long after the mending as it was watched on; the most of any run is shown. Runs
follow each other within minutes: what adds up over the windows of a target becomes a ticket, told besides.

The times at an interval of 10 s add up so: up to 10 s until the fault is probed or scraped, up to 10 s until the rules
see it, the `for` of the alert (10 s for a node, 20 to 30 s for what lives on it), 10 s in which Alertmanager collects
what belongs together. So half of them lie near the middle, and none may lie far above.

"""
_TABLE = """\
| fault | what is broken | told as | runs | half within | all within | limits | pages | messages | watched on | besides |
|---|---|---|---|---|---|---|---|---|---|---|
"""  # noqa: E501 - a row of a Markdown table
_USUAL = """\
## At the usual times

Probes, scrapes and rules every 10 s, as a cluster file has it that says nothing else.

"""
_FAST = """\

## Accelerated

With an interval of 2 s, and all that derives from it: these rows prove that the fault is told, as what, and how often.
**Their times are no promise.** What does not derive from the interval (the windows of targets and budgets, the 15 s in
which an engine is known to hang) takes as long as ever.

"""
_SAME = """\

## The same again

`make drill` measures all of it anew and compares; `ragpulse drill --list` names the faults, `ragpulse drill FAULT…`
makes some of them. It fails when a fault is not told, is told as something else, pages more than once, takes longer
than its limit, or when half of its runs take 1.5 times as long as here and 10 s longer.

"""
_MEASURED = """\
Each was measured on a machine that others used too, by this version; `-dirty`: with changes to it.

| fault | version | highest load average |
|---|---|---|
"""


def document(rows: Sequence[Row]) -> str:
    usual, fast = ([row for row in rows if row.accelerated == accelerated] for accelerated in (False, True))
    return "".join(
        (
            _HEAD,
            *((_USUAL, _TABLE, *_lines(usual)) if usual else ()),
            *((_FAST, _TABLE, *_lines(fast)) if fast else ()),
            _SAME,
            _MEASURED,
            *(f"| `{row.fault}` | {row.commit} | {row.load_average:g} |\n" for row in rows),
        )
    )


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        told, *figures = cells(row)
        linked = f"[{row.alert}](runbooks/{row.alert}.md) ({row.severity})" if row.alert else told
        yield f"| {' | '.join((f'`{row.fault}`', row.what, linked, *figures))} |\n"


def cells(row: Row) -> tuple[str, ...]:
    """As what it is told, runs, both times, limits, pages, messages, how long it was watched, what was told besides."""
    return (
        f"{row.alert} ({row.severity})" if row.alert else "nothing",
        str(row.runs),
        _seconds(row.p50_seconds) if row.alert else "",
        _seconds(row.max_seconds) if row.alert else "",
        " / ".join(map(_seconds, row.limits)) if row.limits else "",
        str(row.pages),
        str(row.notifications),
        _seconds(row.watched_after_healing_seconds),
        ", ".join(name for name in row.heard if name != row.alert),
    )


def _seconds(number: float | None) -> str:
    return "not told" if number is None else f"{number:.0f} s"

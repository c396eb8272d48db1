"""Reports for a terminal: the targets, what was measured, and what became of it since a baseline."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ragpulse.overview.quantities import quantity
from ragpulse.report import wording
from ragpulse.report.account import Account, Target
from ragpulse.report.compare import Comparison
from ragpulse.report.kinds import KINDS, KindName
from ragpulse.report.saved import Measured
from ragpulse.units import exact_duration

_WORDS: dict[KindName, str] = {
    "latency": "latency", "answered": "answered", "in_time": "in time", "throughput": "tokens/s in demand",
    "recall": "", "busy": "busy",
}  # fmt: skip
_COLOURS = {"met": "green", "missed": "red", "worse": "red", "better": "green", "too few to tell": "yellow"}


def targets(found: Iterable[Target]) -> Table:
    table = _table("target", "value", "objective", "events", "budget left", "verdict")
    for one in found:
        cells = dict(zip(wording.TARGET_TITLES, wording.target(one), strict=True))
        table.add_row(
            *(Text(cells[title]) for title in ("target", "value", "objective", "events", "budget left")),
            _verdict(one.attained.verdict, one.attained.why),
        )
    return _unbroken(table)


def sources(found: Account) -> Iterator[Table]:
    """Where each target was measured, what was bad and when, and which alerts fired."""
    columns = ("target", "measured", "worst", "burnt by", "alerts")
    table = _table(*columns)
    for one in found.targets:
        cells = dict(zip(wording.TARGET_TITLES, wording.target(one), strict=True))
        table.add_row(*(Text(cells[title]) for title in columns))
    yield _unbroken(table)
    if found.alerts:
        table = _table(*wording.ALERT_TITLES)
        for alert in found.alerts:
            table.add_row(*map(Text, wording.alert(alert)))
        yield table


def measured(found: Iterable[Measured]) -> Table:
    """Quantiles with the edges of the bucket in which they lie."""
    table = _table("what", "from", "events", "value", "p50", "p95", "p99")
    for one in found:
        quantiles = (one.quantiles.get(name) for name in ("p50", "p95", "p99"))
        table.add_row(
            _name(one.subject, one.check, one.kind), ", ".join(sorted(one.nodes)), f"{one.of:.0f}",
            _value(one.kind, one.value),
            *(
                "" if each is None else f"{_seconds(each.value)} ({_between(each.at_least, each.at_most)})"
                for each in quantiles
            ),
        )  # fmt: skip
    return table


def comparisons(found: Iterable[Comparison]) -> Table:
    table = _table("what", "before", "now", "change", "noise", "verdict")
    for one in found:
        table.add_row(
            _name(one.subject, one.check, one.kind), _value(one.kind, one.before), _value(one.kind, one.now),
            _change(one.kind, one.change, sign="+"), "" if one.noise is None else f"± {_change(one.kind, one.noise)}",
            _verdict(one.verdict, one.why),
        )  # fmt: skip
    return table


def summary(found: Sequence[Comparison]) -> Iterator[str]:
    counts = Counter(one.verdict for one in found)
    yield ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()) or "nothing to compare"
    for one in found:
        if one.verdict == "worse":
            yield f"worse: {_name(one.subject, one.check, one.kind)}"
    if counts["too few to tell"]:
        yield "too few to tell: a change that matters could hide in the noise; compare longer windows"


def _name(subject: str, check: str, kind: KindName) -> str:
    return f"{subject} {check} {_WORDS[kind]}".rstrip()


def _value(kind: KindName, value: float | None) -> str:
    if value is None:
        return ""
    unit = KINDS[kind].unit
    return _seconds(value) if unit == "s" else quantity(value, unit)


def _seconds(value: float) -> str:
    return exact_duration(float(f"{value:.3g}"))


def _between(at_least: float, at_most: float | None) -> str:
    return f"over {_seconds(at_least)}" if at_most is None else f"{_seconds(at_least)} to {_seconds(at_most)}"


def _change(kind: KindName, change: float | None, sign: str = "") -> str:
    if change is None:
        return ""
    # `z` takes the sign from a zero.
    return f"{change * 100:{sign}z.1f} {'%' if KINDS[kind].relative else 'points'}"


def _verdict(verdict: str, why: str) -> Text:
    text = Text(verdict, style=_COLOURS.get(verdict, ""))
    return text.append(f": {why}", style="default") if why else text


def _table(*titles: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def _unbroken(table: Table) -> Table:
    """In a narrow terminal cells are wrapped between words, not within one."""
    for column in table.columns:
        words = [word for cell in column.cells for word in str(cell).split()]
        column.min_width = max(map(len, words), default=0)
    return table

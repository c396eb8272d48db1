"""An account as Markdown, for a ticket or a wiki. What comes from outside can neither end a cell nor become markup."""

from collections.abc import Iterable, Iterator

from ragpulse.report import wording
from ragpulse.report.account import Account

_ESCAPED = str.maketrans({each: f"\\{each}" for each in "\\`*_[]<>|#"} | {"\n": " ", "\r": " "})


def markdown(found: Account) -> str:
    lines = [
        f"# {_safe(found.cluster)}: targets", "", f"{_safe(wording.span(found.window))}.", "",
        *_table(wording.TARGET_TITLES, map(wording.target, found.targets)), "",
    ]  # fmt: skip
    if found.alerts:
        lines += ["## Alerts", "", *_table(wording.ALERT_TITLES, map(wording.alert, found.alerts)), ""]
    lines += [f"- {_safe(fact)}" for fact in wording.facts(found)]
    return "\n".join([*lines, ""])


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = list(titles)
    yield _row(heads)
    yield _row("---" for _ in heads)
    for row in rows:
        yield _row(map(_safe, row))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _safe(text: str) -> str:
    return text.translate(_ESCAPED)

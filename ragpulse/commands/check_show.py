"""How what `ragpulse check` found is shown: as a table for people, as JSON for programs (see docs/check.md)."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table

from exporters.checks.check import STATES, Check, Key, Result
from ragpulse import __version__
from ragpulse.stack.telling import Telling

_STYLES = {"failed": "bold red", "note": "yellow", "skipped": "dim", "not checked": "dim", "well": "green"}


@dataclass(frozen=True, slots=True)
class Report:
    """`seconds`: that it took."""

    cluster: str
    node: str
    seconds: float
    checks: list[Check]
    found: Mapping[Key, Result]

    def counts(self) -> dict[str, int]:
        counted = Counter(result.state for result in self.found.values())
        return {state: counted[state] for state in STATES}


def as_table(report: Report) -> None:
    telling = Telling()
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("what", "check", "result", "detail"):
        table.add_column(title, overflow="fold")
    before = ""
    for check in report.checks:
        result = report.found[check.key]
        subject, before = ("" if check.subject == before else check.subject), check.subject
        detail = f"{result.detail}\n→ {result.mend}" if result.mend else result.detail
        table.add_row(
            subject, check.aspect, result.state, detail, style=_STYLES[result.state] if _is_bad(result) else None
        )
    telling.console.print(table)
    counted = ", ".join(f"{count} {state}" for state, count in report.counts().items() if count)
    telling.say(f"\n{report.cluster} from {report.node}, in {report.seconds:.1f} s: {counted}")


def as_json(report: Report) -> None:
    checks = [_row(check, report.found[check.key]) for check in report.checks]
    about = {
        "cluster": report.cluster,
        "node": report.node,
        "version": __version__,
        "at": round(time.time(), 3),
        "seconds": round(report.seconds, 3),
        "counts": report.counts(),
    }
    print(json.dumps({**about, "checks": checks}, indent=2, ensure_ascii=False))


def _row(check: Check, result: Result) -> dict[str, object]:
    return {
        "what": check.subject,
        "check": check.aspect,
        "services": sorted(check.services),
        "result": result.state,
        "detail": result.detail,
        "mend": result.mend or None,
        "root": list(result.root) if result.root else None,
    }


def _is_bad(result: Result) -> bool:
    return result.state in {"failed", "note"}

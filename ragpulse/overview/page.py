"""The page as HTML: templates, one style sheet, and the policy that lets the browser load nothing else.

Everything from outside (labels, annotations, reasons) is escaped by the templates. Times are shown in `zone`, the
server's own where None is given.
"""

import base64
import hashlib
import re
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ragpulse.overview.banner import SLO_WORDS
from ragpulse.overview.chart import chart
from ragpulse.overview.facts import Overview, Verdict
from ragpulse.overview.quantities import quantity
from ragpulse.overview.runbook_words import Subject
from ragpulse.overview.since import LOOK_BACK
from ragpulse.overview.sparkline import Sparkline, sparkline
from ragpulse.overview.strip import strip
from ragpulse.overview.tiles import tiles
from ragpulse.units import human_duration

REFRESH = 10  # seconds
_ALERTS_SHOWN = 50  # what a person can read; the rest is counted

# The colour of the tab's icon, light enough and dark enough for tabs of either kind.
_ICON_COLOURS = {"met": "#2f9e5b", "missed": "#d93a2f", "degraded": "#d98a00", "unknown": "#8a94a3"}
_QUOTED = re.compile(r"`([^`]+)`")


class Pages:
    def __init__(self, *, note: str, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._templates = Environment(
            loader=PackageLoader("ragpulse.overview"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        style = (Path(__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
        self._templates.globals |= {"style": Markup(style), "note": note}  # noqa: S704 - our own file
        self._templates.globals |= {"refresh_seconds": REFRESH, "slo_words": SLO_WORDS, "look_back": LOOK_BACK}
        self._templates.filters |= {
            "clock": self._clock,
            "iso": _iso,
            "ago": human_duration,
            "sparkline": _sparkline,
            "chart": chart,
            "code": _code,
        }
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    def overview(self, facts: Overview, *, refreshing: bool) -> str:
        shown = facts.alerts.shown[:_ALERTS_SHOWN]
        return self._templates.get_template("overview.html").render(
            facts=facts, tiles=tiles(facts.objectives), alerts_shown=shown, now=facts.now,
            strip=lambda component: strip(component.timeline, lambda at: self._clock(at, facts.now), LOOK_BACK),
            alerts_left=len(facts.alerts.shown) - len(shown), refreshing=refreshing,
            zone=datetime.fromtimestamp(facts.now, UTC).astimezone(self._zone).tzname(),
            icon=_ICON_COLOURS[facts.banner.state].replace("#", "%23"),
        )  # fmt: skip

    def runbook(self, name: str, text: Markup, subjects: tuple[Subject, ...] = ()) -> str:
        """`subjects`: what the commands of `text` are about, with one chosen or none."""
        return self._templates.get_template("runbook.html").render(name=name, text=text, subjects=subjects)

    def _clock(self, time: float, now: float) -> str:
        """`14:05:10` today, `21 Nov 14:05` before."""
        moment, today = (datetime.fromtimestamp(each, UTC).astimezone(self._zone) for each in (time, now))
        return f"{moment:%H:%M:%S}" if moment.date() == today.date() else f"{moment.day} {moment:%b %H:%M}"


def as_json(facts: Overview, *, note: str) -> dict[str, Any]:
    """The same facts for a program."""
    found = asdict(facts)
    found["banner"]["note"] = note
    return found


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds")


def _sparkline(verdict: Verdict) -> Sparkline | None:
    if verdict.history is None:
        return None
    return sparkline(verdict.history, verdict.objective, lambda value: quantity(value, verdict.unit))


def _code(text: str) -> Markup:
    """Names of checks stand in backquotes in our texts."""
    return Markup(_QUOTED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped first

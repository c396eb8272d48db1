"""An account in words: the same cells and lines for the terminal, for Markdown and for HTML."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from ragpulse.overview.quantities import quantity
from ragpulse.report.account import Account, Target
from ragpulse.report.attained import Attained
from ragpulse.report.episodes import METHOD, Precision
from ragpulse.report.slices import Worst
from ragpulse.report.window import Window
from ragpulse.units import human_duration, prometheus_duration

TARGET_TITLES = ("target", "measured", "events", "value", "objective", "budget left", "verdict", "worst", "burnt by",
                 "alerts")  # fmt: skip
ALERT_TITLES = ("alert", "severity", "fired", "for", "precise")
_MOST_CAUSES = 3
_VERDICTS = ("missed", "met", "not judgeable")
_BANDS = ("below", "inside", "above")


def span(window: Window) -> str:
    start, end = moment(window.start), moment(window.end)
    return f"{prometheus_duration(window.seconds)} from {start:%F %T} to {end:%F %T %Z}"


def moment(time: float) -> datetime:
    return datetime.fromtimestamp(time).astimezone()


def target(one: Target) -> tuple[str, ...]:
    found, objective = one.attained, one.attained.objective
    note = f", {objective.note}" if objective.note else ""
    return (
        name(found), objective.measured.replace("`", "") + note, events(found),
        "" if found.value is None else quantity(found.value, objective.unit), objective.text, budget_left(found),
        found.verdict + (f": {found.why}" if found.why else ""), "" if one.worst is None else worst(one.worst),
        ", ".join(f"{each.by} {each.events:.0f} ({each.share * 100:.0f} %)" for each in one.burnt[:_MOST_CAUSES]),
        ", ".join(_times(one)),
    )  # fmt: skip


def name(found: Attained) -> str:
    objective = found.objective
    of_demand = " in demand" if objective.check == "demand" else ""
    return f"{objective.service} {objective.slo.replace('_', ' ')}{of_demand}"


def events(found: Attained) -> str:
    if found.events is None:
        return ""
    return f"{found.events:.0f}" + ("" if found.of == "events" else f" {found.of}")


def budget_left(found: Attained) -> str:
    return "" if found.budget is None else f"{found.budget * 100:.0f} %"


def worst(one: Worst) -> str:
    begin, end = moment(one.end - one.seconds), moment(one.end)
    return f"{begin:%F %H:%M} to {end:%H:%M}: {one.bad:.0f} bad of {one.total:.0f}"


def alert(one: Precision) -> tuple[str, ...]:
    precise = f"{one.precise} of {one.judged}" if one.judged else "not judged"
    return one.alert, one.severity, f"{one.episodes}", human_duration(one.seconds), precise


def facts(found: Account) -> Iterator[str]:
    verdicts = Counter[str](one.attained.verdict for one in found.targets)
    told = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in _VERDICTS if verdicts[verdict])
    yield f"targets: {told or 'none'}"
    if found.whole is not None:
        yield f"the whole cluster: {quantity(found.whole, 'ratio')} available, each moment as its weakest service"
    for node, bands in sorted(found.bands.items()):
        told = ", ".join(f"{quantity(bands[band], 'ratio')} {band}" for band in _BANDS if band in bands)
        yield f"GPUs of {node}: {told} the band of the target, idle time included"
    if found.announced:
        told = ", ".join(f"{name} {human_duration(found.announced[name])}" for name in sorted(found.announced))
        yield f"work was announced, and not judged: {told}"
    judged = sum(one.judged for one in found.alerts)
    if judged:
        yield f"{sum(one.precise for one in found.alerts)} of {judged} alerts were precise ({METHOD})"
    if not found.alerts:
        yield "no alert fired"


def _times(one: Target) -> Iterator[str]:
    fired: dict[str, int] = {}
    for each in one.alerts:
        fired[each.alert] = fired.get(each.alert, 0) + 1
    for alert_name, count in fired.items():
        yield alert_name if count == 1 else f"{count} × {alert_name}"

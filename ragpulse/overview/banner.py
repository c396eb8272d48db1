"""The answer in one sentence. Green only when something is judged, all that is judged is met, and nothing is hidden."""

from collections.abc import Sequence
from datetime import datetime

from ragpulse.maintenance.announced import Announced
from ragpulse.overview.facts import Alerts, Banner, Component, ComponentState, Verdict

SLO_WORDS = {
    "availability": "availability",
    "response_time": "response time",
    "time_to_first_token": "time to first token",
    "throughput": "throughput",
    "gpu_utilization": "GPU utilisation",
}
_NAMED = 3  # so many are named in the sentence, the rest counted


def banner(
    verdicts: Sequence[Verdict],
    components: Sequence[Component],
    alerts: Alerts,
    problem: str,
    announced: Sequence[Announced] = (),
) -> Banner:
    if problem:
        return Banner("unknown", f"Unknown: {problem}", "Nothing on this page is judged until it answers.")
    detail = " · ".join([*map(_announced, announced), _detail(verdicts, components, alerts)])
    missed = [verdict for verdict in verdicts if verdict.state == "missed"]
    down = _in_state(components, "down")
    troubles = [*down, *_lesser_troubles(verdicts, components, alerts)]
    if missed:
        sentence = "; ".join([_missed(missed), *down])
        return Banner("missed", sentence, " · ".join([*troubles[len(down) :], detail]))
    if not any(verdict.state == "met" for verdict in verdicts):
        return Banner("unknown", "; ".join(["Unknown: no target can be judged", *down]), detail)
    if troubles:
        return Banner("degraded", f"All judged targets are met, but {'; '.join(troubles)}", detail)
    return Banner("met", "All judged targets are met", detail)


def _missed(verdicts: Sequence[Verdict]) -> str:
    """`2 targets missed: chroma (availability, response time)`."""
    by_service: dict[str, list[str]] = {}
    for verdict in verdicts:
        by_service.setdefault(verdict.service, []).append(SLO_WORDS[verdict.slo])
    return _listed(
        [f"{name} ({', '.join(slos)})" for name, slos in by_service.items()], len(verdicts), "target", "missed"
    )


def _in_state(components: Sequence[Component], state: ComponentState) -> list[str]:
    """One phrase that names the watched components in a state, or none."""
    names = [component.name for component in components if component.watched and component.state == state]
    return [_listed(names, len(names), "component", state)] if names else []


def _lesser_troubles(verdicts: Sequence[Verdict], components: Sequence[Component], alerts: Alerts) -> list[str]:
    found = [*_in_state(components, "degraded"), *_in_state(components, "unknown")]
    if blind := sum(verdict.state == "unknown" for verdict in verdicts):
        found.append(f"{_count(blind, 'target')} unknown")
    pages = sum(alert.state == "firing" and alert.severity == "page" for alert in alerts.shown)
    if pages and not found:
        found.append(f"{_count(pages, 'alert')} for somebody to act on")
    if not alerts.path_alive:
        found.append(alerts.path_words)
    return found


def _announced(work: Announced) -> str:
    until = datetime.fromtimestamp(work.ends).astimezone()
    return f"work on {work.on.name} is announced until {until:%F %H:%M} ({work.owner}: {work.why})"


def _detail(verdicts: Sequence[Verdict], components: Sequence[Component], alerts: Alerts) -> str:
    judged = sum(verdict.state in {"met", "missed"} for verdict in verdicts)
    firing = sum(alert.state == "firing" for alert in alerts.shown)
    up = sum(component.state == "up" for component in components)
    firing_words = alerts.unknown or (
        f"{_count(firing, 'alert')} {'fires' if firing == 1 else 'fire'}" if firing else "no alert fires"
    )
    return (
        f"{judged} of {_count(len(verdicts), 'target')} judged · "
        f"{up} of {_count(len(components), 'component')} up · {firing_words}"
    )


def _listed(names: Sequence[str], count: int, noun: str, word: str) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{_count(count, noun)} {word}: {', '.join(names[:_NAMED])}{more}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"

"""In words: since when an alert fires, or which of its conditions keep it from that."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from ragpulse.explain import told
from ragpulse.explain.weighed import Weighed, why_not
from ragpulse.overview.prometheus_api import ActiveAlert


def state(found: Weighed, active: Sequence[ActiveAlert]) -> Iterator[str]:
    for one in active:
        since = f" since {_moment(one.activeAt)}" if one.activeAt else ""
        words = "fires, true" if one.state == "firing" else "is true, and not for long enough,"
        yield f"{words}{since}: {one.annotations.get('summary', '')}"
    if not active:
        yield "is true now; the next evaluation will find it" if found.true else f"does not fire: {_lacking(found)}"


def _lacking(found: Weighed) -> str:
    reason = why_not(found)
    if reason is None:
        return "each condition is true of something, and all of them of nothing"
    if reason.how.startswith("unless"):
        return f"held back, because {reason.clause.text} is {told.now(reason)}"
    if reason.clause.is_choice:
        return "; and ".join(_lacking(part) for part in reason.parts)
    if reason.compared and reason.now:
        return f"{reason.compared.left} is {told.now(reason)}, not {reason.compared.operator} {reason.compared.right}"
    return f"{reason.clause.text} is nothing now"


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%F %T %Z}"

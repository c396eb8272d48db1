"""What the page says, as plain frozen values: collected once, rendered as HTML and as JSON.

Times are Unix seconds, durations seconds. A value that is not known is None and its state says `unknown`: nothing
here stands for "good" unless it was measured.
"""

from dataclasses import dataclass
from typing import Literal

# idle: nothing asked for work. unmeasured: cannot be measured here, by the cluster file or for want of a GPU.
# unknown: should be measured and is not. The last three are shown as "not judgeable", each with its reason.
VerdictState = Literal["met", "missed", "idle", "unmeasured", "unknown"]
ComponentState = Literal["up", "degraded", "down", "unknown"]
BannerState = Literal["met", "missed", "degraded", "unknown"]


@dataclass(frozen=True, slots=True)
class Since:
    """When a state began: `at`, or `at_least` seconds ago where its beginning lies before what was asked for."""

    at: float | None = None
    at_least: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Values over the last hour, `step` apart; where there was no value there is no point."""

    start: float
    end: float
    step: float
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """The error budget of an objective over its `window`. left: 1 untouched, 0 spent, below 0 overspent.

    burn: how many times as fast as allowed the last hour spent it, None without events. lasts: seconds until it is
    spent at that speed, None where it burns nothing. measured: share of the window in which events were counted; while
    that is below a half, `learning` holds and nothing is judged by it. words: all of it for a person.
    """

    window: float
    left: float
    burn: float | None
    lasts: float | None
    measured: float
    learning: bool
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One objective judged; `verdict` is its state in the words of the page, `why` the reason when not judgeable.

    value, value_long: over the short and the long window, in `unit`. objective: the value to reach. fact: what is
    worth knowing beside it and is not judged. cause: for one that is missed, what beneath it is known to be wrong.
    """

    slo: str
    service: str
    check: str
    state: VerdictState
    verdict: str
    why: str
    value: float | None
    value_long: float | None
    unit: str
    value_text: str
    value_long_text: str
    objective: float
    objective_text: str
    measured: str
    note: str
    fact: str
    since: Since
    history: History | None
    budget: Budget | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A component was in one state from `start` to `end`."""

    start: float
    end: float
    state: ComponentState


@dataclass(frozen=True, slots=True)
class Component:
    """A node, service or backup. `anchor` is its id on the page; `watched` is False for what has no source yet.

    timeline: its states of the last hours, oldest first; what lies before the first data is in none.
    """

    name: str
    kind: str
    anchor: str
    nodes: tuple[str, ...]
    state: ComponentState
    reason: str
    watched: bool
    since: Since
    timeline: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """One firing or pending alert. `quieted` says that Alertmanager holds it back, and why; `link` is its runbook."""

    name: str
    state: Literal["firing", "pending"]
    severity: str
    component: str
    labels: dict[str, str]
    summary: str
    description: str
    expression: str
    value: str
    since: float | None
    quieted: str
    link: str


@dataclass(frozen=True, slots=True)
class Alerts:
    """`unknown` says why nothing is known of alerts, `caution` what is not known of those shown; both may be empty."""

    shown: tuple[Alert, ...]
    unknown: str
    caution: str
    path_alive: bool
    path_words: str


@dataclass(frozen=True, slots=True)
class Notification:
    """One alert of a notification that arrived."""

    received: float
    status: str
    alert: str
    component: str
    summary: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is otherwise than before: `what` happened to `component` at `at`."""

    at: float
    component: str
    what: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One measure of all nodes on one axis, as shares from 0 to 1. `lines`: node → points."""

    title: str
    meaning: str
    lines: tuple[tuple[str, History], ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the verdicts. `unknown` says why nothing is known of it; it costs no verdict."""

    unknown: str
    changes: tuple[Change, ...] = ()
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class Banner:
    """The answer in one sentence, and what it rests on."""

    state: BannerState
    sentence: str
    detail: str


@dataclass(frozen=True, slots=True)
class Overview:
    """`notifications` is None where no file of received ones was named; `problem` says why Prometheus gave nothing."""

    cluster: str
    now: float
    problem: str
    banner: Banner
    objectives: tuple[Verdict, ...]
    components: tuple[Component, ...]
    alerts: Alerts
    beside: Beside
    notifications: tuple[Notification, ...] | None

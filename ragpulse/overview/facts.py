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
class Verdict:
    """One objective judged; `verdict` is its state in the words of the page, `why` the reason when not judgeable.

    value, value_long: over the short and the long window, in `unit`. objective: the value to reach. fact: what is
    worth knowing beside it and is not judged.
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


@dataclass(frozen=True, slots=True)
class Component:
    """A node, service or backup. `anchor` is its id on the page; `watched` is False for what has no source yet."""

    name: str
    kind: str
    anchor: str
    nodes: tuple[str, ...]
    state: ComponentState
    reason: str
    watched: bool
    since: Since


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
    notifications: tuple[Notification, ...] | None

"""Is a node itself well: did it start anew, is it short of something, too hot, and does it know what time it is?

Tickets: what users feel of it is told by the services.
"""

from collections.abc import Iterator

from alerts.rule import Alert, Group
from ragpulse.catalogue.node import (
    BOOT_TIME,
    CLOCK,
    CLOCK_SYNCHRONISED,
    PRESSURE_STALLED,
    PRESSURE_WAITING,
    TEMPERATURE,
    TEMPERATURE_CRITICAL,
)
from ragpulse.inventory import Cluster
from ragpulse.promql import instant, lowest, rate
from ragpulse.recorded import long_window, short_window

_HOUR = 3600.0
# The boot time follows from the clock, and is a second off now and then.
_ANOTHER_BOOT = 60
# Loading a model reads for minutes; a busy processor always keeps somebody waiting for a moment.
_CPU_WAITING, _MEMORY_STALLED, _IO_STALLED = 0.8, 0.1, 0.5
_MARGIN_CELSIUS = 5
# A reading is up to one scrape and one run old, which is not the clock's fault.
_CLOCK_OFF, _CLOCK_OFF_INTERVALS = 20, 2
_HOLD_INTERVALS = 3


def rules(cluster: Cluster) -> list[Group]:
    return [Group("node_health", tuple(_alerts(cluster)))]


def _alerts(cluster: Cluster) -> Iterator[Alert]:
    step, short, long = cluster.monitoring.scrape_interval, short_window(cluster), long_window(cluster)
    yield _alert(
        "NodeRebooted",
        f"time() - {instant(BOOT_TIME)} < {_HOUR:.0f}"
        f" and {instant(BOOT_TIME)} - {lowest(BOOT_TIME, _HOUR)} > {_ANOTHER_BOOT}",
        hold=0,
        what="started anew {{ $value | humanizeDuration }} ago.",
        meaning="Nobody may have asked it to. What ran there ended, and starts again only if something starts it.",
    )
    short_of = (
        f"{rate(PRESSURE_WAITING, long, resource='cpu')} > {_CPU_WAITING}",
        f"{rate(PRESSURE_STALLED, long, resource='memory')} > {_MEMORY_STALLED}",
        f"{rate(PRESSURE_STALLED, long, resource='io')} > {_IO_STALLED}",
    )
    yield _alert(
        "NodeUnderPressure",
        " or ".join(short_of),
        hold=long,
        what="has too little {{ $labels.resource }}: work waited for it {{ $value | humanizePercentage }} of the time.",
        meaning="Everything on this node takes longer, its agent and its probes too. cpu: something always waits for a"
        " processor; memory, io: nothing at all goes on meanwhile.",
    )
    left = f"{instant(TEMPERATURE_CRITICAL)} - {instant(TEMPERATURE)}"
    yield _alert(
        "NodeHot",
        # Sensors without a limit of their own report 0.
        f"{left} < {_MARGIN_CELSIUS} and {instant(TEMPERATURE_CRITICAL)} > 0",
        hold=short,
        what="is {{ $value | humanize }} degrees from its critical temperature at"
        " {{ $labels.chip }} {{ $labels.sensor }}.",
        meaning="At that temperature the machine slows down or switches itself off.",
    )
    yield _alert(
        "NodeClockUnsynchronised",
        f"{instant(CLOCK_SYNCHRONISED)} == 0",
        hold=3 * long,
        what="does not follow any time source.",
        meaning="Its clock drifts. Sooner or later tokens and certificates seem expired, and logs do not match.",
    )
    off = f"timestamp({instant(CLOCK)}) - {instant(CLOCK)}"
    yield _alert(
        "NodeClockOff",
        f"abs({off}) > {_CLOCK_OFF + _CLOCK_OFF_INTERVALS * step:g}",
        hold=_HOLD_INTERVALS * step,
        what="shows a time that is {{ $value | humanizeDuration }} away from Prometheus's.",
        meaning="One of the two clocks is wrong: if it is told of all nodes but one, it is that one's.",
    )


def _alert(name: str, expr: str, *, hold: float, what: str, meaning: str) -> Alert:
    return Alert(
        name,
        expr,
        hold=hold,
        severity="ticket",
        component="{{ $labels.node }}",
        summary=f"{{{{ $labels.node }}}} {what}",
        description=meaning,
        labels={"node": "{{ $labels.node }}"},
    )

"""GPUs: which errors did driver and board report, and what does the driver ask for? One error pages once.

An XID error is what happened, a recovery action what must be done, a lost GPU the end of it: the later ones hold the
earlier ones back, for as long as an XID error is remembered.
"""

from alerts.gpu_alert import gpu_alert
from alerts.rule import Alert, Group, Severity
from ragpulse.catalogue.gpu import UP
from ragpulse.catalogue.gpu_errors import (
    ECC,
    RECOVERY_ACTION,
    RECOVERY_ACTIONS,
    REMAPPED_ROWS,
    RETIRED_PAGES,
    XID,
    XID_LAST,
)
from ragpulse.inventory import Cluster
from ragpulse.promql import highest, increase, instant, lowest
from ragpulse.recorded import long_window
from ragpulse.xid import XIDS, Xid

_LEAF_INTERVALS = 3
_REMEMBERED_WINDOWS = 3
# These can wait for a quiet hour; with all others the GPU, or the machine, does no more work until it is done.
_CAN_WAIT = ("drain_p2p", "drain_and_reset", "unknown")
_STANDS_STILL = tuple(action for action in RECOVERY_ACTIONS if action not in {"none", *_CAN_WAIT})
_CRITICAL = tuple(xid for xid in XIDS if xid.severity == "critical")
_OTHERS = tuple(xid for xid in XIDS if xid.severity != "critical")
_CRITICAL_CODES = tuple(str(xid.code) for xid in _CRITICAL)


def rules(cluster: Cluster) -> list[Group]:
    if not cluster.reads_gpus():
        return []
    step, remembered = cluster.monitoring.scrape_interval, _REMEMBERED_WINDOWS * long_window(cluster)
    alerts = (
        *_recovery(step),
        *_xid_errors(step, remembered),
        *_memory_errors(step, remembered),
    )
    return [Group("gpu_errors", alerts)]


def _recovery(step: float) -> tuple[Alert, ...]:
    return (
        gpu_alert(
            "GpuRecoveryNeeded",
            f"{instant(RECOVERY_ACTION, action=_STANDS_STILL)} == 1",
            hold=step,
            severity="page",
            what="does no more work until this is done: {{ $labels.action }}.",
            meaning="The driver itself says what it needs after an error. Which error it was, its XID says.",
        ),
        gpu_alert(
            "GpuRecoveryNeeded",
            f"{instant(RECOVERY_ACTION, action=_CAN_WAIT)} == 1",
            hold=_LEAF_INTERVALS * step,
            severity="ticket",
            what="works on, and its driver asks for this in a quiet hour: {{ $labels.action }}.",
            meaning="After an error a part of it is out of use until then. Which error it was, its XID says.",
        ),
    )


def _xid_errors(step: float, remembered: float) -> tuple[Alert, ...]:
    # The counters of critical codes exist from 0 on, so that the first error is an increase, whatever the clocks say.
    critical = f"{increase(XID, remembered, code=_CRITICAL_CODES)} > 0"
    # A counter that is born at 1 shows no increase, but when it last grew is known from the first time on.
    last = f"({instant(XID_LAST)} unless {instant(XID_LAST, code=_CRITICAL_CODES)})"
    return (
        _xid_alert(critical, _CRITICAL, "page", step, remembered),
        _xid_alert(f"time() - {last} < {remembered:g}", _OTHERS, "ticket", step, remembered),
    )


def _xid_alert(reported: str, codes: tuple[Xid, ...], severity: Severity, step: float, remembered: float) -> Alert:
    was_lost = f"{lowest(UP, remembered)} == 0"
    was_told = f"{highest(RECOVERY_ACTION, remembered, action=_STANDS_STILL)} == 1"
    return gpu_alert(
        "GpuXid",
        f"{reported} unless on (node, gpu) ({was_lost} or {was_told})",
        hold=_LEAF_INTERVALS * step,
        severity=severity,
        what=f"reports XID {{{{ $labels.code }}}}: {_one_of({str(xid.code): xid.meaning for xid in codes})}.",
        meaning=f"What to do: {_one_of({str(xid.code): xid.action for xid in codes})}. XID errors are how NVIDIA's"
        " driver numbers what went wrong; docs/gpu.md lists them.",
    )


def _one_of(words: dict[str, str]) -> str:
    """A template that says the words of whichever code it is."""
    codes: dict[str, list[str]] = {}
    for code, word in words.items():
        codes.setdefault(word, []).append(f'"{code}"')
    cases = "{{ else if ".join(f"eq $labels.code {' '.join(which)} }}}}{word}" for word, which in codes.items())
    return f"{{{{ if {cases}{{{{ else }}}}see NVIDIA's catalog of XID errors{{{{ end }}}}"


def _memory_errors(step: float, remembered: float) -> tuple[Alert, ...]:
    hold = _LEAF_INTERVALS * step
    pending = f"{instant(REMAPPED_ROWS, state='pending')} > 0 or {instant(RETIRED_PAGES, cause='pending')} > 0"
    return (
        gpu_alert(
            "GpuEccUncorrected",
            f"{increase(ECC, remembered, severity='uncorrected')} > 0",
            hold=0,
            severity="ticket",
            what='had memory errors that could not be corrected: {{ printf "%.0f" $value }}.',
            meaning="What was computed with that memory is lost: the driver ended the program. The GPU puts the place"
            " out of use; when this comes again, the board is failing.",
        ),
        gpu_alert(
            "GpuRowRemapFailed",
            f"{instant(REMAPPED_ROWS, state='failed')} > 0",
            hold=hold,
            severity="ticket",
            what="could not replace a faulty row of its memory.",
            meaning="Its spare rows are used up or broken: the next error there is fatal. The board is to be replaced.",
        ),
        gpu_alert(
            "GpuRowRemapPending",
            pending,
            hold=hold,
            severity="ticket",
            what="waits for a reset to put faulty memory out of use.",
            meaning="Until then the faulty place is still there, or memory is missing. Any quiet hour will do.",
        ),
    )

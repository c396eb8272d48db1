"""What all alerts about one GPU share: whose it is, and that a lost GPU pages once and not for each of its symptoms."""

from collections.abc import Mapping

from alerts.rule import Alert, Severity
from ragpulse.catalogue.gpu import BUSY, OBSERVED, UP
from ragpulse.promql import instant, rate


def gpu_alert(
    name: str,
    expr: str,
    *,
    hold: float,
    severity: Severity,
    what: str,
    meaning: str,
    labels: Mapping[str, str] | None = None,
) -> Alert:
    """`expr` gives series with `node` and `gpu`. what: goes on from "sark: GPU 0 "."""
    return Alert(
        name,
        f"({expr}) unless on (node, gpu) {lost()}",
        hold=hold,
        severity=severity,
        component="{{ $labels.node }}",
        summary=f"{{{{ $labels.node }}}}: GPU {{{{ $labels.gpu }}}} {what}",
        description=meaning,
        labels={"node": "{{ $labels.node }}", **(labels or {})},
    )


def lost() -> str:
    return f"{instant(UP)} == 0"


def busy(window: float) -> str:
    """Share of time in which the GPU ran a kernel: the true mean over `window` seconds."""
    return f"{rate(BUSY, window)} / {rate(OBSERVED, window)}"

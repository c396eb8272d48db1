"""GPUs: is each one there, and can it be read? The root of everything else that is said about a GPU."""

from alerts.gpu_alert import gpu_alert, lost
from alerts.monitoring import SOURCE_FAILING
from alerts.rule import Alert, Group
from ragpulse.catalogue.gpu import GAP, UNAVAILABLE
from ragpulse.inventory import Cluster
from ragpulse.promql import firing, instant, rate
from ragpulse.recorded import long_window, short_window

GPU_UNAVAILABLE = "GpuUnavailable"
# The source that counts gaps: while it fails as a whole, that is told already.
LOAD_SOURCE = "gpu_load"

_LEAF_INTERVALS = 3
_BLIND_SHARE = 0.1


def rules(cluster: Cluster) -> list[Group]:
    return [Group("gpu", (_lost(cluster), _unavailable(cluster), _blind(cluster)))] if cluster.reads_gpus() else []


def _lost(cluster: Cluster) -> Alert:
    return Alert(
        "GpuLost",
        lost(),
        hold=cluster.monitoring.scrape_interval,
        severity="page",
        component="{{ $labels.node }}",
        summary="{{ $labels.node }}: GPU {{ $labels.gpu }} was there and does not answer any more.",
        description="It fell off the bus, needs a reset, or its driver went. What ran on it has failed or hangs. Other"
        " alerts about this GPU are held back while this one fires.",
        labels={"node": "{{ $labels.node }}"},
    )


def _unavailable(cluster: Cluster) -> Alert:
    """Never of a GPU that was seen before: that one is lost."""
    return Alert(
        GPU_UNAVAILABLE,
        f"{instant(UNAVAILABLE)} == 1 unless on (node) {lost()}",
        hold=_LEAF_INTERVALS * cluster.monitoring.scrape_interval,
        severity="ticket",
        component="{{ $labels.node }}",
        summary="{{ $labels.node }}: its GPU cannot be read: {{ $labels.reason }}.",
        description="There is a GPU, yet NVML does not give it to the agent. Nothing is known of its load, memory and"
        " errors; whether users suffer is told by the alerts of the services.",
        labels={"node": "{{ $labels.node }}"},
    )


def _blind(cluster: Cluster) -> Alert:
    """Holds for longer than its window, in which the time of a loss that is over still stands."""
    return gpu_alert(
        "GpuBlind",
        f"{rate(GAP, long_window(cluster))} > {_BLIND_SHARE}"
        f" unless on (node) {firing(SOURCE_FAILING, source=LOAD_SOURCE)}",
        hold=long_window(cluster) + short_window(cluster),
        severity="ticket",
        what="could not be read for {{ $value | humanizePercentage }} of the time.",
        meaning="Its driver answers late, now and then or not at all. How busy it was in these gaps is unknown, and no"
        " target is judged by it.",
    )

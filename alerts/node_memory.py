"""Memory of a node: is it about to run out, and did the kernel kill for it? On unified memory it is the GPU's too.

On a DGX Spark a full pool takes the worker, SSH or the whole machine with it, and what the driver allocates counts in
no container's limit: only the node itself sees it come.
"""

from alerts.rule import Alert, Group
from ragpulse.catalogue.node import MEMORY_AVAILABLE, MEMORY_TOTAL, OOM_KILLS, PRESSURE_STALLED, SWAP_FREE
from ragpulse.inventory import Cluster
from ragpulse.metric import Metric
from ragpulse.promql import forecast, increase, instant, rate
from ragpulse.recorded import long_window, short_window
from ragpulse.units import human_duration

# MemAvailable counts the page cache as available: what files are read into does not look like memory that goes.
LITTLE = 0.15
_STALLED_SHARE = 0.05
_REMEMBERED_WINDOWS = 3


def rules(cluster: Cluster) -> list[Group]:
    return [Group("node_memory", (_forecast(cluster), _killed(cluster)))]


def _forecast(cluster: Cluster) -> Alert:
    short, long = short_window(cluster), long_window(cluster)
    signs = " or ".join(
        (
            f"{rate(PRESSURE_STALLED, short, resource='memory')} > {_STALLED_SHARE}",
            _runs_out(MEMORY_AVAILABLE, short, long),
            _runs_out(SWAP_FREE, short, long),
        )
    )
    return Alert(
        "MemoryWedgeForecast",
        f"{instant(MEMORY_AVAILABLE)} / {instant(MEMORY_TOTAL)} < {LITTLE} and on (node) ({signs})",
        hold=2 * short,
        severity="page",
        component="{{ $labels.node }}",
        summary="{{ $labels.node }}: {{ $value | humanizePercentage }} of its memory is left, and going.",
        description=f"At this pace memory or swap is gone within {human_duration(3 * long)}, or tasks already stand"
        " still for want of memory. Then the kernel kills, or the machine hangs: on unified memory with no way in.",
        labels={"node": "{{ $labels.node }}"},
    )


def _runs_out(metric: Metric, short: float, long: float) -> str:
    """Falling over both windows: a model that has just been loaded leaves the short one at once."""
    return f"({forecast(metric, long, 3 * long)} < 0 and {forecast(metric, short, 6 * long)} < 0)"


def _killed(cluster: Cluster) -> Alert:
    window = _REMEMBERED_WINDOWS * long_window(cluster)
    return Alert(
        "OutOfMemoryKill",
        f"{increase(OOM_KILLS, window)} > 0",
        hold=0,
        severity="ticket",
        component="{{ $labels.node }}",
        summary="{{ $labels.node }}: processes killed for want of memory in the last"
        f' {human_duration(window)}: {{{{ printf "%.0f" $value }}}}.',
        description="The kernel ended what held much memory, or a container that reached its limit.",
        labels={"node": "{{ $labels.node }}"},
    )

"""GPUs on the page: why is their target not judged, and how long were they inside its band? The latter is a fact, no
verdict: a GPU that is below for want of work is well.
"""

from ragpulse.catalogue.gpu import BANDS
from ragpulse.inventory import Cluster
from ragpulse.overview.answers import Answers
from ragpulse.overview.facts import VerdictState

# Below this share of waiting time the rules judge no GPU: what it does for nobody would count.
_DEMANDED_SHARE = 0.9
_NO_DEMAND = "no demand: no request waited"
_NO_GPU: dict[str, tuple[VerdictState, str]] = {
    "none": ("unmeasured", "no GPU on its nodes"),
    "disabled": ("unmeasured", "reading GPUs is switched off for its nodes"),
    "unavailable": ("unknown", "the GPUs of its nodes cannot be read"),
}


def why_not(service: str, nodes: tuple[str, ...], answers: Answers) -> tuple[VerdictState, str] | None:
    """Why there is no verdict, or None where nothing about the GPUs explains it."""
    states = {answers.gpu_state[node] for node in nodes if node in answers.gpu_state}
    if len(states) == 1 and (reason := _NO_GPU.get(next(iter(states)))):
        return reason
    if "ready" in states and not any(node in answers.gpu_measured for node in nodes):
        return "unmeasured", "its GPUs do not tell how busy they are (as one that is cut into MIG instances)"
    demand = answers.demand.get(service)
    if demand is None or demand >= _DEMANDED_SHARE:
        return None
    return "idle", _NO_DEMAND if demand == 0 else f"too little demand: requests waited {demand:.0%} of the time"


def time_in_band(cluster: Cluster, nodes: tuple[str, ...], answers: Answers) -> str:
    """Empty where no GPU was observed."""
    target = cluster.targets.gpu_utilization
    seconds = {band: sum(answers.gpu_bands.get((node, band), 0.0) for node in nodes) for band in BANDS}
    if target is None or not (total := sum(seconds.values())):
        return ""
    below, inside, above = (seconds[band] / total for band in BANDS)
    return (
        f"{inside:.0%} of the last hour inside the band of {target.low:.3g} to {target.high:.3g},"
        f" {below:.0%} below, {above:.0%} above"
    )

"""What the board asks of single engines, and of the machines beneath them."""

from dashboards.queries import living
from ragpulse.catalogue import gpu, vllm
from ragpulse.metric import Metric
from ragpulse.promql import Pattern, instant, mean, rate

_CLUSTER = Pattern("$cluster")
_SHOWN = "$__rate_interval"
_RECENT = 300.0  # seconds
_ENGINE = "service, model, engine"


def now(metric: Metric) -> str:
    return f"max by ({_ENGINE}) ({instant(metric, cluster=_CLUSTER)})"


def recently(metric: Metric) -> str:
    return f"sum by ({_ENGINE}) ({living(rate(metric, _RECENT, cluster=_CLUSTER))})"


def by_engine(metric: Metric) -> str:
    return f"sum by (service, engine) ({rate(metric, _SHOWN, cluster=_CLUSTER)})"


def nodes_busy() -> str:
    """The mean of a node's GPUs, each as much as any other."""
    busy, observed = (f"sum by (node) ({rate(each, _SHOWN, cluster=_CLUSTER)})" for each in (gpu.BUSY, gpu.OBSERVED))
    return f"{busy} / {observed}"


def mean_of(metric: Metric) -> str:
    return mean(metric, _SHOWN, "service", cluster=_CLUSTER)


def tokens_of_a_step() -> str:
    return mean_of(vllm.TOKENS_PER_STEP)


def finished() -> str:
    return f"sum by (service, reason) ({rate(vllm.REQUESTS_FINISHED, _SHOWN, cluster=_CLUSTER)})"


def demand() -> str:
    return f"sum by (service) ({rate(vllm.DEMAND_SECONDS, _SHOWN, cluster=_CLUSTER)})"


def accepted() -> str:
    taken, drafted = (
        f"sum by (service) ({rate(each, _SHOWN, cluster=_CLUSTER)})"
        for each in (vllm.ACCEPTED_TOKENS, vllm.DRAFT_TOKENS)
    )
    return f"{taken} / ({drafted} > 0)"


def loading() -> str:
    return f"max by (service) ({instant(vllm.LOADING_SECONDS, cluster=_CLUSTER)})"

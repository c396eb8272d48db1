"""What the board asks of vLLM and Ray. Series of an engine are summed after their rates: a sum before fakes resets."""

from ragpulse.catalogue import gpu, ray, service, vllm, vllm_canary
from ragpulse.metric import Metric
from ragpulse.promql import Matcher, Pattern, instant, quantile, rate

_CLUSTER = Pattern("$cluster")
_WINDOW = "$__rate_interval"


def state() -> str:
    """A number for each state, 1 for the first of `vllm.STATES`: of its series the one that is 1."""
    numbered = (
        f"{instant(vllm.STATE, cluster=_CLUSTER, state=name)} * {number} > 0"
        for number, name in enumerate(vllm.STATES, start=1)
    )
    return f"max by (service) ({' or '.join(numbered)})"


def generated_tokens() -> str:
    return _rate(vllm.GENERATION_TOKENS)


def prompt_tokens() -> str:
    return _rate(vllm.PROMPT_TOKENS)


def running() -> str:
    return _now(vllm.REQUESTS_RUNNING)


def waiting() -> str:
    return _now(vllm.REQUESTS_WAITING)


def slowest(metric: Metric, share: float) -> str:
    """What that share of the events stayed below."""
    return quantile(metric, share, _WINDOW, "service", cluster=_CLUSTER)


def kv_cache() -> str:
    return f"max by (service, engine) ({instant(vllm.KV_CACHE_USAGE, cluster=_CLUSTER)})"


def preemptions() -> str:
    return _rate(vllm.PREEMPTIONS)


def prefix_cache_hits() -> str:
    """Nothing while nobody asks, and where caching is off: a share of nothing is none."""
    return f"{_rate(vllm.PREFIX_CACHE_HITS)} / ({_rate(vllm.PREFIX_CACHE_QUERIES)} > 0)"


def answered(status: str) -> str:
    """Share of the HTTP answers that were of one class of status, like `5xx`; of a class never seen it is 0."""
    every = f"({_rate(vllm.HTTP_REQUESTS)} > 0)"
    return f"({_rate(vllm.HTTP_REQUESTS, status=status)} or {every} * 0) / {every}"


def rejected() -> str:
    return f"{_rate(vllm.REJECTIONS)} / ({_rate(vllm.HTTP_REQUESTS)} > 0)"


def canaries_late() -> str:
    """Share of canaries that failed, or missed a latency target."""
    sent = f"({_rate(service.REQUESTS, check=vllm_canary.CHECK)} > 0)"
    return f"1 - {_rate(vllm_canary.GOODPUT)} / {sent}"


def tokens_per_joule() -> str:
    """By all that the GPUs of the service's nodes drew, whoever used them."""
    lives = instant(service.NODE_INFO, cluster=_CLUSTER)
    node = f'max by (service, node) (label_replace({lives}, "node", "$1", "node_name", "(.+)"))'
    watts = f"sum by (node) ({rate(gpu.ENERGY, _WINDOW, cluster=_CLUSTER)})"
    return f"{generated_tokens()} / sum by (service) ({node} * on (node) group_left () {watts})"


def not_offered() -> str:
    return f"max by (service, metric) ({instant(vllm.METRIC_OFFERED, cluster=_CLUSTER)} == 0)"


def ray_nodes() -> str:
    return f"max by (service) ({instant(ray.NODES_ALIVE, cluster=_CLUSTER)})"


def ray_nodes_expected() -> str:
    return f"max by (service) ({instant(ray.EXPECTED_NODES, cluster=_CLUSTER)})"


def _now(metric: Metric) -> str:
    return f"sum by (service) ({instant(metric, cluster=_CLUSTER)})"


def _rate(metric: Metric, **labels: Matcher) -> str:
    return f"sum by (service) ({rate(metric, _WINDOW, cluster=_CLUSTER, **labels)})"

"""What vLLM calls the metrics of our catalogue: the families of 0.28 to 0.32, and labels that say whose they are.

A name is that of the family: of a counter without `_total`. A family counts as offered when it has the kind that the
catalogue expects: vLLM has a histogram whose name ends in `_total`, so the type decides and not the name.
"""

from ragpulse.catalogue import vllm
from ragpulse.metric import Metric

PREFIX = "vllm:"
MODEL_LABEL = "model_name"
ENGINE_LABEL = "engine"
SINGLE_ENGINE = "0"  # of a server that does not say which of its engines a series is of

# Catalogue entry → its name in vLLM; where there are several, the first that is offered counts, never their sum.
FAMILIES: dict[Metric, tuple[str, ...]] = {
    vllm.GENERATION_TOKENS: ("vllm:generation_tokens",),
    vllm.PROMPT_TOKENS: ("vllm:prompt_tokens",),
    vllm.REQUESTS_RUNNING: ("vllm:num_requests_running",),
    vllm.REQUESTS_WAITING: ("vllm:num_requests_waiting",),
    vllm.PREEMPTIONS: ("vllm:num_preemptions",),
    vllm.KV_CACHE_USAGE: ("vllm:kv_cache_usage_perc",),
    vllm.TTFT: ("vllm:time_to_first_token_seconds",),
    vllm.ITL: ("vllm:inter_token_latency_seconds",),
    vllm.E2E: ("vllm:e2e_request_latency_seconds",),
    vllm.QUEUE_TIME: ("vllm:request_queue_time_seconds",),
    vllm.REQUESTS_FINISHED: ("vllm:request_success",),
}
# Labels of an entry besides service, model and engine: our name → vLLM's.
OWN_LABELS: dict[Metric, dict[str, str]] = {vllm.REQUESTS_FINISHED: {"reason": "finished_reason"}}
# A histogram with one observation per step of the engine: its count shows progress even while no token comes out.
STEPS = ("vllm:iteration_tokens_total",)

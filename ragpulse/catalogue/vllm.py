"""vLLM under fixed names, whatever its version calls them; every series per model and engine as the server has it."""

from ragpulse.metric import counter, gauge, histogram

STATES = ("serving", "saturated", "stalled", "refusing", "loading", "down")
FINISH_REASONS = ("stop", "length", "abort", "error", "repetition")

_ENGINE = ("service", "model", "engine")

STATE = gauge("ragpulse_vllm_state", "What vLLM is doing: 1 for the current state.", "service", "state")
INFO = gauge("ragpulse_vllm_info", "Version of the server; always 1.", "service", "version")
GENERATION_TOKENS = counter("ragpulse_vllm_generation_tokens_total", "Tokens generated.", *_ENGINE)
PROMPT_TOKENS = counter("ragpulse_vllm_prompt_tokens_total", "Prompt tokens processed, cached ones included.", *_ENGINE)
REQUESTS_RUNNING = gauge("ragpulse_vllm_requests_running", "Requests in execution.", *_ENGINE)
REQUESTS_WAITING = gauge("ragpulse_vllm_requests_waiting", "Requests that wait for execution.", *_ENGINE)
PREEMPTIONS = counter("ragpulse_vllm_preemptions_total", "Requests thrown out of execution to free KV cache.", *_ENGINE)
KV_CACHE_USAGE = gauge("ragpulse_vllm_kv_cache_usage_ratio", "Share of the KV cache in use, 0 to 1.", *_ENGINE)
TTFT = histogram("ragpulse_vllm_time_to_first_token_seconds", "Time to first token (TTFT).", *_ENGINE)
ITL = histogram("ragpulse_vllm_inter_token_latency_seconds", "Inter-token latency (ITL).", *_ENGINE)
E2E = histogram("ragpulse_vllm_e2e_request_latency_seconds", "End-to-end request latency.", *_ENGINE)
QUEUE_TIME = histogram("ragpulse_vllm_request_queue_time_seconds", "Time that requests waited for execution.", *_ENGINE)
REQUESTS_FINISHED = counter(
    "ragpulse_vllm_requests_finished_total", "Requests that ended, by reason.", *_ENGINE, "reason"
)
DEMAND_SECONDS = counter(
    "ragpulse_vllm_demand_seconds_total", "Time in which requests waited at both ends of a poll.", "service"
)
DEMAND_TOKENS = counter(
    "ragpulse_vllm_demand_generation_tokens_total", "Tokens generated in demand seconds.", "service"
)
METRIC_OFFERED = gauge(
    "ragpulse_vllm_metric_offered",
    "1 when the running version offers a metric under any of its names.",
    "service",
    "metric",
)

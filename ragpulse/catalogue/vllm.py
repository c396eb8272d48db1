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
TOKENS_PER_STEP = histogram("ragpulse_vllm_iteration_tokens", "Tokens of one step of the engine.", *_ENGINE)
REQUEST_TPOT = histogram(
    "ragpulse_vllm_request_time_per_output_token_seconds", "Mean time per output token (TPOT) of a request.", *_ENGINE
)
PREFILL_TIME = histogram("ragpulse_vllm_request_prefill_time_seconds", "Time that requests spent in prefill.", *_ENGINE)
DECODE_TIME = histogram("ragpulse_vllm_request_decode_time_seconds", "Time that requests spent in decode.", *_ENGINE)
PREFIX_CACHE_QUERIES = counter(
    "ragpulse_vllm_prefix_cache_queries_total", "Prompt tokens looked up in the prefix cache.", *_ENGINE
)
PREFIX_CACHE_HITS = counter(
    "ragpulse_vllm_prefix_cache_hits_total", "Prompt tokens found in the prefix cache.", *_ENGINE
)
PROMPT_TOKENS_CACHED = counter(
    "ragpulse_vllm_prompt_tokens_cached_total", "Prompt tokens that came from a cache instead of prefill.", *_ENGINE
)
DRAFT_TOKENS = counter(
    "ragpulse_vllm_spec_decode_draft_tokens_total", "Tokens drafted by speculative decoding.", *_ENGINE
)
ACCEPTED_TOKENS = counter(
    "ragpulse_vllm_spec_decode_accepted_tokens_total", "Drafted tokens that were accepted.", *_ENGINE
)
CORRUPTED_REQUESTS = counter("ragpulse_vllm_corrupted_requests_total", "Requests with NaN in their logits.", *_ENGINE)
REJECTIONS = counter(
    "ragpulse_vllm_admission_rejections_total",
    "Requests refused because a queue was full; `engine` is empty where the whole server counts them.",
    *_ENGINE,
    "reason",
)
HTTP_REQUESTS = counter(
    "ragpulse_vllm_http_requests_total",
    "HTTP requests answered, by class of status; an aborted stream counts as 2xx.",
    "service",
    "handler",
    "method",
    "status",
)
CACHE_BLOCKS = gauge("ragpulse_vllm_kv_cache_blocks", "Blocks of the KV cache.", "service", "engine")
CACHE_BLOCK_SIZE = gauge(
    "ragpulse_vllm_kv_cache_block_tokens", "Tokens that one block of the KV cache holds.", "service", "engine"
)
STARTED = gauge(
    "ragpulse_vllm_process_start_timestamp_seconds", "When the API server started, in Unix time.", "service"
)
DEMAND_SECONDS = counter(
    "ragpulse_vllm_demand_seconds_total", "Time in which requests waited at both ends of a poll.", "service"
)
DEMAND_TOKENS = counter(
    "ragpulse_vllm_demand_generation_tokens_total", "Tokens generated in demand seconds.", "service"
)
DEMAND_WITHIN_TARGET = counter(
    "ragpulse_vllm_demand_within_target_seconds_total",
    "Demand seconds of polls in which `targets.throughput.at_least` was generated.",
    "service",
)
METRIC_OFFERED = gauge(
    "ragpulse_vllm_metric_offered",
    "1 when the running version offers a metric under any of its names.",
    "service",
    "metric",
)
STATS_DISABLED = gauge(
    "ragpulse_vllm_stats_disabled",
    "1 when the server runs with --disable-log-stats and says nothing of itself.",
    "service",
)
UNKNOWN_FAMILIES = gauge(
    "ragpulse_vllm_unknown_families", "Families of the page that no version known here has.", "service"
)
MODEL_INFO = gauge(
    "ragpulse_vllm_model_info",
    "Model that is served; always 1. max_model_len in tokens.",
    "service",
    "model",
    "root",
    "max_model_len",
)
CHANGES = counter(
    "ragpulse_vllm_changes_total",
    "Changes seen between two looks, by what changed.",
    "service",
    "what",
)
CHANGE_KINDS = ("version", "model", "context", "layout", "restart")
LOADING_SECONDS = gauge(
    "ragpulse_vllm_loading_seconds",
    "How long the server has been loading, or took to load last time, as far as it shows from outside.",
    "service",
)

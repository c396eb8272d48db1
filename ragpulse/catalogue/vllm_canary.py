"""A small streaming completion of our own: what a user would have felt, measured at the client."""

from ragpulse.metric import counter, gauge, histogram

# Why a canary failed, besides the reasons that every probe has: `stream_error` (an error event inside HTTP 200),
# `stream_broken` (it ended before its end), `empty` (no token came), `wrong_model` (another one answered),
# `saturated` (it timed out while requests wait and tokens flow: bad for response time, but no outage).
CANARY_REASONS = ("stream_error", "stream_broken", "empty", "wrong_model", "saturated")
CHECK = "canary"

CONNECT = histogram("ragpulse_vllm_canary_connect_seconds", "Time to connect to the server.", "service")
TTFT = histogram(
    "ragpulse_vllm_canary_time_to_first_token_seconds", "Time to first token (TTFT) of a canary.", "service"
)
ITL = histogram(
    "ragpulse_vllm_canary_inter_token_latency_seconds",
    "Inter-token latency (ITL) of a canary: time between two events with tokens, of which one may hold several.",
    "service",
)
E2E = histogram("ragpulse_vllm_canary_e2e_latency_seconds", "End-to-end latency of a canary.", "service")
TOKENS = counter("ragpulse_vllm_canary_tokens_total", "Tokens generated for canaries.", "service")
GOODPUT = counter(
    "ragpulse_vllm_canary_good_total",
    "Canaries within all latency targets that apply: TTFT, and ITL by the mean of a canary.",
    "service",
)
ENABLED = gauge(
    "ragpulse_vllm_canary_enabled", "1 while canaries are sent, 0 with the reason on the landing page.", "service"
)

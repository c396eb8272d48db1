"""The path from a question to its answer, stage by stage: how long did each take, which one failed, and why?"""

from ragpulse.metric import counter, gauge, histogram

# Why a stage failed, besides the reasons that every probe has: `empty` (nothing was retrieved, or no token came),
# `dimension_mismatch` (the vector does not fit the collection), and of a streamed answer `stream_error`,
# `stream_broken` and `wrong_model`.
RAG_REASONS = ("empty", "dimension_mismatch", "stream_error", "stream_broken", "wrong_model")
# How a stage of a run ended. What stands behind a failed stage is never asked: `skipped`, which is no failure.
OUTCOMES = ("good", "failed", "skipped")

STAGE_DURATION = histogram(
    "ragpulse_rag_stage_duration_seconds",
    "Time that a stage of the path took when it was good, with all that it had to ask.",
    "service",
    "stage",
)
STAGE_RUNS = counter("ragpulse_rag_stage_runs_total", "Runs of a stage, by outcome.", "service", "stage", "outcome")
STAGE_FAILURES = counter(
    "ragpulse_rag_stage_failures_total", "Runs of a stage that failed, by reason.", "service", "stage", "reason"
)
FAILING_STAGE = gauge(
    "ragpulse_rag_failing_stage", "1 for the stage that broke the path at its last run, else 0.", "service", "stage"
)
SLOWEST_STAGE = gauge(
    "ragpulse_rag_slowest_stage",
    "1 for the stage that slowed most against what it usually takes at the last run, or else took longest; else 0.",
    "service",
    "stage",
)
FIRST_TOKEN = histogram(
    "ragpulse_rag_time_to_first_token_seconds", "Time from the question to the first token of the answer.", "service"
)
TOKENS = counter("ragpulse_rag_generated_tokens_total", "Tokens generated for the path.", "service")

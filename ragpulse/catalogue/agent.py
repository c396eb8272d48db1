"""The agent about itself: is each source read, how long does it take, what went wrong?"""

from ragpulse.metric import counter, gauge

RESULTS = ("ok", "error", "deadline")

BUILD_INFO = gauge("ragpulse_build_info", "Version of the agent; always 1.", "version")
CONFIG_LAST_RELOAD_SUCCESSFUL = gauge(
    "ragpulse_agent_config_last_reload_successful",
    "1 while the cluster file in use is the one that was read last; 0 once a reload was refused.",
)
CONFIG_LAST_RELOAD = gauge(
    "ragpulse_agent_config_last_reload_success_timestamp_seconds",
    "Unix time at which the cluster file in use was read.",
)
SOURCE_LAST_SUCCESS = gauge(
    "ragpulse_source_last_success_timestamp_seconds",
    "Unix time of the last successful run of a source; 0 when it never succeeded.",
    "source",
)
SOURCE_RUNS = counter("ragpulse_source_runs_total", "Runs of a source by result.", "source", "result")
SOURCE_DURATION = gauge("ragpulse_source_duration_seconds", "Duration of the last finished run of a source.", "source")
SOURCE_INTERVAL = gauge("ragpulse_source_interval_seconds", "Configured time between two runs of a source.", "source")
SOURCE_DROPPED = gauge(
    "ragpulse_source_dropped_series",
    "Series of a service that the last run of its source left out: beyond the most that are shown, or with a name"
    " that cannot be a label.",
    "source",
)

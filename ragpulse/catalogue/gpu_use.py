"""What a busy GPU really does (GPM), who makes it busy, and the MIG instances that it is cut into."""

from ragpulse.metric import counter, gauge

# on: samples come. unsupported: card or driver have none. dcgm: a DCGM exporter has the counters. disabled: by file.
GPM_STATES = ("on", "unsupported", "dcgm", "disabled")
CONSUMER_KINDS = ("container", "unit", "process", "other")

GPM_STATE = gauge(
    "ragpulse_gpu_gpm_state", "Whether activity is read through GPM: 1 for the current state.", "gpu", "state"
)
ACTIVE = counter(
    "ragpulse_gpu_active_seconds_total",
    "Time for which a unit was fully active: its activity integrated over the observed time.",
    "gpu",
    "unit",
)
ACTIVITY_OBSERVED = counter(
    "ragpulse_gpu_activity_observed_seconds_total",
    "Time over which the activity of a unit was observed.",
    "gpu",
    "unit",
)
TRAFFIC = counter(
    "ragpulse_gpu_gpm_traffic_bytes_total",
    "Bytes over PCIe or all NVLinks as GPM tells them: a rate of the driver, integrated over the observed time.",
    "gpu",
    "link",
    "direction",
)

CONSUMER_MEMORY = gauge(
    "ragpulse_gpu_consumer_memory_bytes",
    "GPU memory of a container, unit or program; the largest 20 by name, the rest as other.",
    "gpu",
    "kind",
    "consumer",
)
CONSUMER_SM = gauge(
    "ragpulse_gpu_consumer_sm_ratio", "Share of SM time of a container, unit or program.", "gpu", "kind", "consumer"
)
CONSUMERS = gauge("ragpulse_gpu_consumers", "Containers, units and programs that use the GPU.", "gpu")

MIG_INFO = gauge("ragpulse_gpu_mig_info", "A MIG instance and its profile; always 1.", "gpu", "mig", "profile")
MIG_MEMORY_USED = gauge("ragpulse_gpu_mig_memory_used_bytes", "Memory in use of a MIG instance.", "gpu", "mig")
MIG_MEMORY_TOTAL = gauge("ragpulse_gpu_mig_memory_total_bytes", "Memory of a MIG instance.", "gpu", "mig")
MIG_ACTIVE = counter("ragpulse_gpu_mig_active_seconds_total", "As active seconds of a GPU.", "gpu", "mig", "unit")
MIG_ACTIVITY_OBSERVED = counter(
    "ragpulse_gpu_mig_activity_observed_seconds_total",
    "Time over which the activity of a unit was observed.",
    "gpu",
    "mig",
    "unit",
)

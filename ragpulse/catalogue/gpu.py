"""GPUs of this node: who they are, how busy, with how much memory, at what power, held back by what."""

from ragpulse.metric import counter, gauge

# `none`: no NVIDIA library or no device: a fact, not a fault. `unavailable`: a device that cannot be read.
STATES = ("ready", "none", "unavailable", "disabled")
MEMORY_KINDS = ("unified", "dedicated")
BANDS = ("below", "inside", "above")
# How utilisation is had: from the driver's buffer of samples, or from the rate of the moment where there is none.
UTILIZATION_WAYS = ("buffer", "point")
# How energy is had: the driver's counter, or power integrated by us from its samples or from the power of the moment.
ENERGY_WAYS = ("counter", "buffer", "point")
THROTTLE_REASONS = ("power_cap", "sync_boost", "sw_thermal", "hw_thermal", "power_brake")
# How throttled time is had: the driver's counters of reasons, the older ones of its policies, or its flags integrated.
THROTTLE_WAYS = ("counter", "policy", "flags")
ENGINES = ("memory", "encoder", "decoder", "jpeg", "ofa")
CLOCKS = ("graphics", "sm", "memory", "video")
TEMPERATURE_LIMITS = ("shutdown", "slowdown", "memory_max", "gpu_max")
POWER_LIMITS = ("current", "default", "min", "max")

STATE = gauge("ragpulse_gpu_state", "Whether GPUs can be read on this node: 1 for the current state.", "state")
DEVICES = gauge("ragpulse_gpu_devices", "GPUs that NVML reports on this node.")
UNAVAILABLE = gauge(
    "ragpulse_gpu_unavailable",
    "Why a GPU of this node cannot be read, in the words of NVML; always 1, and there only while it is so.",
    "reason",
)
UP = gauge("ragpulse_gpu_up", "1 while the GPU answers; 0 once one that was seen is lost or gone.", "gpu")
INFO = gauge("ragpulse_gpu_info", "Which GPU it is; always 1.", "gpu", "uuid", "model", "driver", "memory_kind")
SOFTWARE_INFO = gauge(
    "ragpulse_gpu_software_info", "Versions that the GPU runs with; always 1.", "gpu", "cuda", "vbios", "gsp"
)

BUSY = counter("ragpulse_gpu_busy_seconds_total", "Time in which the GPU ran a kernel.", "gpu")
OBSERVED = counter("ragpulse_gpu_observed_seconds_total", "Time over which the GPU was observed.", "gpu")
BAND = counter(
    "ragpulse_gpu_utilization_band_seconds_total",
    "Observed time below, inside and above the band of targets.gpu_utilization; both of its ends lie inside.",
    "gpu",
    "band",
)
GAP = counter("ragpulse_gpu_gap_seconds_total", "Time in which NVML could not be read for this GPU.", "gpu")
UTILIZATION_WAY = gauge(
    "ragpulse_gpu_utilization_source", "How utilisation is had: 1 for the way in use.", "gpu", "way"
)
ENGINE_BUSY = gauge("ragpulse_gpu_engine_busy_ratio", "Share of time in which an engine was busy.", "gpu", "engine")

MEMORY_USED = gauge(
    "ragpulse_gpu_memory_used_bytes",
    "Memory in use. Where CPU and GPU share it, that of the whole node: MemTotal less MemAvailable.",
    "gpu",
)
MEMORY_TOTAL = gauge("ragpulse_gpu_memory_total_bytes", "Memory that the GPU can use.", "gpu")
MEMORY_RESERVED = gauge("ragpulse_gpu_memory_reserved_bytes", "Memory that driver and firmware keep.", "gpu")

ENERGY = counter("ragpulse_gpu_energy_joules_total", "Energy drawn.", "gpu")
ENERGY_WAY = gauge("ragpulse_gpu_energy_source", "How energy is had: 1 for the way in use.", "gpu", "way")
POWER = gauge("ragpulse_gpu_power_watts", "Power drawn, over the last interval.", "gpu")
POWER_LIMIT = gauge("ragpulse_gpu_power_limit_watts", "Power limits of the board.", "gpu", "limit")

CLOCK = gauge("ragpulse_gpu_clock_hertz", "Clock of the moment.", "gpu", "clock")
CLOCK_MAX = gauge("ragpulse_gpu_clock_max_hertz", "Highest clock.", "gpu", "clock")
PERFORMANCE_STATE = gauge("ragpulse_gpu_performance_state", "P-state: 0 is the fastest.", "gpu")
THROTTLED = counter(
    "ragpulse_gpu_throttled_seconds_total", "Time in which something held the clocks back, by reason.", "gpu", "reason"
)
THROTTLE_WAY = gauge(
    "ragpulse_gpu_throttled_source",
    "How throttled time of a reason is had; always 1, and there only for the way in use.",
    "gpu",
    "reason",
    "way",
)

TEMPERATURE = gauge("ragpulse_gpu_temperature_celsius", "Temperature of the chip.", "gpu")
MEMORY_TEMPERATURE = gauge("ragpulse_gpu_memory_temperature_celsius", "Temperature of the memory.", "gpu")
TEMPERATURE_LIMIT = gauge(
    "ragpulse_gpu_temperature_limit_celsius", "Temperatures at which the driver acts.", "gpu", "limit"
)
TEMPERATURE_LIMIT_MARGIN = gauge(
    "ragpulse_gpu_temperature_limit_margin_celsius",
    "Margins at which the driver acts, of cards that tell limits so; below 0 is beyond the highest for full speed.",
    "gpu",
    "limit",
)
TEMPERATURE_MARGIN = gauge(
    "ragpulse_gpu_temperature_margin_celsius", "Degrees left before the driver slows the chip down.", "gpu"
)
FAN = gauge("ragpulse_gpu_fan_ratio", "Fan speed as share of the highest.", "gpu", "fan")

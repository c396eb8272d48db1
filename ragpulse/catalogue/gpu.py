"""GPUs of this node."""

from ragpulse.metric import counter, gauge

# `none`: no NVIDIA library or no device: a fact, not a fault. `unavailable`: a device that cannot be read.
STATES = ("ready", "none", "unavailable", "disabled")

STATE = gauge("ragpulse_gpu_state", "Whether GPUs can be read on this node: 1 for the current state.", "state")
DEVICES = gauge("ragpulse_gpu_devices", "GPUs that NVML reports on this node.")
UNAVAILABLE = gauge(
    "ragpulse_gpu_unavailable",
    "Why a GPU of this node cannot be read, in the words of NVML; always 1, and there only while it is so.",
    "reason",
)
BUSY = counter("ragpulse_gpu_busy_seconds_total", "Time in which the GPU ran a kernel.", "gpu")
OBSERVED = counter("ragpulse_gpu_observed_seconds_total", "Time over which the GPU was observed.", "gpu")

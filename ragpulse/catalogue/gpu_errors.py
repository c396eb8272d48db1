"""What went wrong with a GPU, and what travels over its links."""

from ragpulse.metric import counter, gauge

ECC_SEVERITIES = ("corrected", "uncorrected")
ROW_STATES = ("corrected", "uncorrected", "pending", "failed")
RETIREMENTS = ("single_bit", "double_bit", "pending")
# In the order of NVML's numbers (nvmlDeviceGpuRecoveryAction_t), then what a later driver may add.
RECOVERY_ACTIONS = (
    "none", "gpu_reset", "node_reboot", "drain_p2p", "drain_and_reset", "recover_imex_domain", "bus_reset",
    "system_reboot", "unknown",
)  # fmt: skip
NVLINK_ERRORS = ("crc_flit", "crc_data", "replay", "recovery", "ecc")
LINK_OF = ("current", "max")

XID = counter(
    "ragpulse_gpu_xid_errors_total",
    "XID errors that the driver reported, by code; no series for a GPU that reports none.",
    "gpu",
    "code",
)
XID_LAST = gauge(
    "ragpulse_gpu_xid_last_timestamp_seconds", "Unix time of the last XID error of a code; none while there was none.",
    "gpu",
    "code",
)  # fmt: skip
EVENTS = counter(
    "ragpulse_gpu_events_total", "Events besides XID errors that the driver reported, by kind.", "gpu", "event"
)
RECOVERY_ACTION = gauge(
    "ragpulse_gpu_recovery_action", "What the driver asks for to recover the GPU: 1 for the current.", "gpu", "action"
)
ECC = counter("ragpulse_gpu_ecc_errors_total", "Memory errors over the life of the board.", "gpu", "severity")
REMAPPED_ROWS = gauge(
    "ragpulse_gpu_remapped_rows",
    "Rows of memory that were replaced; pending and failed are 1 when any waits for a reset, or could not be replaced.",
    "gpu",
    "state",
)
RETIRED_PAGES = gauge(
    "ragpulse_gpu_retired_pages",
    "Pages of memory taken out of use, by cause; pending is 1 when any waits for a reboot.",
    "gpu",
    "cause",
)

PCIE_TRANSMITTED = counter(
    "ragpulse_gpu_pcie_transmitted_bytes_total",
    "Bytes sent over PCIe; too few where the driver counts in 32 bits and more than 2 GB/s flow.",
    "gpu",
)
PCIE_RECEIVED = counter("ragpulse_gpu_pcie_received_bytes_total", "As transmitted, in the other direction.", "gpu")
PCIE_REPLAYS = counter("ragpulse_gpu_pcie_replays_total", "Packets sent again over PCIe.", "gpu")
PCIE_GENERATION = gauge("ragpulse_gpu_pcie_link_generation", "PCIe generation, of now and at most.", "gpu", "of")
PCIE_WIDTH = gauge("ragpulse_gpu_pcie_link_lanes", "PCIe lanes, of now and at most.", "gpu", "of")
NVLINK_TRANSMITTED = counter("ragpulse_gpu_nvlink_transmitted_bytes_total", "Bytes sent over all NVLinks.", "gpu")
NVLINK_RECEIVED = counter("ragpulse_gpu_nvlink_received_bytes_total", "Bytes received over all NVLinks.", "gpu")
NVLINK_ERRORS_TOTAL = counter("ragpulse_gpu_nvlink_errors_total", "Errors of all NVLinks, by kind.", "gpu", "kind")
NVLINKS_ACTIVE = gauge("ragpulse_gpu_nvlinks_active", "NVLinks that are up.", "gpu")

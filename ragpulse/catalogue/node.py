"""One machine: processor, memory, pressure, disks, file systems, temperatures, clock."""

from ragpulse.metric import counter, gauge

CPU_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
PRESSURE_RESOURCES = ("cpu", "memory", "io")

CPU_SECONDS = counter("ragpulse_node_cpu_seconds_total", "Processor time of all cores by mode.", "mode")
CPU_COUNT = gauge("ragpulse_node_cpus", "Logical processors online.")
LOAD = gauge("ragpulse_node_load", "Mean number of runnable tasks over a window.", "window")
MEMORY_AVAILABLE = gauge("ragpulse_node_memory_available_bytes", "Memory available without swapping (MemAvailable).")
MEMORY_TOTAL = gauge("ragpulse_node_memory_total_bytes", "Memory that the kernel manages (MemTotal).")
SWAP_TOTAL = gauge("ragpulse_node_swap_total_bytes", "Swap space.")
SWAP_FREE = gauge("ragpulse_node_swap_free_bytes", "Unused swap space.")
SWAPPED_IN = counter("ragpulse_node_swapped_in_bytes_total", "Bytes read back from swap.")
SWAPPED_OUT = counter("ragpulse_node_swapped_out_bytes_total", "Bytes written to swap.")
OOM_KILLS = counter("ragpulse_node_oom_kills_total", "Processes killed for want of memory.")
MAJOR_FAULTS = counter("ragpulse_node_major_page_faults_total", "Page faults that had to read from a disk.")
PRESSURE_WAITING = counter(
    "ragpulse_node_pressure_waiting_seconds_total",
    "Time in which some task waited for a resource (PSI some).",
    "resource",
)
PRESSURE_STALLED = counter(
    "ragpulse_node_pressure_stalled_seconds_total",
    "Time in which all tasks waited for a resource (PSI full).",
    "resource",
)
FILESYSTEM_SIZE = gauge("ragpulse_node_filesystem_size_bytes", "Size of a file system.", "mountpoint", "fstype")
FILESYSTEM_AVAILABLE = gauge(
    "ragpulse_node_filesystem_available_bytes", "Bytes that an ordinary user may still write.", "mountpoint", "fstype"
)
FILESYSTEM_INODES_FREE = gauge("ragpulse_node_filesystem_inodes_free", "Unused inodes.", "mountpoint", "fstype")
FILESYSTEM_READONLY = gauge("ragpulse_node_filesystem_readonly", "1 when mounted read-only.", "mountpoint", "fstype")
FILESYSTEM_UNREADABLE = gauge(
    "ragpulse_node_filesystem_unreadable",
    "1 when a mounted file system answers with an error, 0 when it answers.",
    "mountpoint",
    "fstype",
)
DISK_READ = counter("ragpulse_node_disk_read_bytes_total", "Bytes read from a disk.", "device")
DISK_WRITTEN = counter("ragpulse_node_disk_written_bytes_total", "Bytes written to a disk.", "device")
DISK_BUSY = counter("ragpulse_node_disk_busy_seconds_total", "Time in which a disk had requests in flight.", "device")
TEMPERATURE = gauge("ragpulse_node_temperature_celsius", "Temperature by sensor.", "chip", "sensor")
TEMPERATURE_CRITICAL = gauge(
    "ragpulse_node_temperature_critical_celsius", "Critical limit by sensor.", "chip", "sensor"
)
BOOT_TIME = gauge("ragpulse_node_boot_time_seconds", "Unix time of the last boot.")
CLOCK = gauge("ragpulse_node_clock_seconds", "Unix time on this node when it was read.")
CLOCK_SYNCHRONISED = gauge("ragpulse_node_clock_synchronised", "1 when the kernel says that the clock is synchronised.")
CLOCK_OFFSET = gauge("ragpulse_node_clock_offset_seconds", "Offset to the time source as the kernel knows it.")
PROCESSES = gauge("ragpulse_node_processes", "Processes that exist.")
INFO = gauge("ragpulse_node_info", "Kernel, machine and system of this node; always 1.", "kernel", "machine", "system")

"""What the board of one machine shows below its verdicts: use, saturation and errors of each of its resources."""

from alerts.node_memory import LITTLE
from dashboards import node_queries as queries
from dashboards.links import Down
from dashboards.panel import Panel
from dashboards.panels import BAD, COMPONENT, GOOD, Column, Key, Limits, Line, table, trend

_RATIO, _SECONDS, _BYTES, _BYTES_PER_SECOND, _COUNT = "percentunit", "s", "bytes", "Bps", "short"
_PER_SECOND, _CELSIUS, _WATTS = "pps", "celsius", "watt"


def services() -> Panel:
    return table(
        "Services here",
        "What lives on this machine, and its state. If the machine is ill, these suffer; if only one of them is, look"
        " at its own board.",
        [Key("component", "Service", Down("overview"))],
        [Column(queries.services_here(), "State", words=COMPONENT)],
        by="State",
        without_data="No service lives here",
    )


def sources() -> Panel:
    return table(
        "Sources",
        "What the agent reads here: when last, how often, how long that takes and how often it failed within the hour."
        " One that waits for several intervals tells nothing any more: the agent's page says why.",
        [Key("source", "Source")],
        [
            Column(queries.source_waits(), "Read ago", _SECONDS),
            Column(queries.source_interval(), "Every", _SECONDS),
            Column(queries.source_duration(), "Took", _SECONDS),
            Column(queries.source_failures(), "Failures", _COUNT),
        ],
        by="Read ago",
        descending=True,
    )


def processor() -> Panel:
    return trend(
        "Processor",
        "Share of the time of all cores by what it was spent on. Much iowait: look at the disks; much system or"
        " softirq: at the network; much steal: at the host.",
        [Line(queries.processor_modes(), "{{mode}}")],
        _RATIO,
        top=1,
        stacked=True,
    )


def load() -> Panel:
    return trend(
        "Load for each core",
        "Tasks that run or want to, over windows of 1, 5 and 15 minutes, for each core. Above 1 for long, tasks wait"
        " for a core, or for a disk.",
        [Line(queries.load_per_processor(), "{{window}}")],
        _COUNT,
    )


def pressure() -> Panel:
    return trend(
        "Waiting for resources",
        "Share of time in which some task, or all of them, waited for a resource (PSI). It rises before requests become"
        " slow: find who uses that resource.",
        [
            Line(queries.waiting(), "some wait for {{resource}}"),
            Line(queries.stalled(), "all wait for {{resource}}"),
        ],
        _RATIO,
        top=1,
    )


def memory() -> Panel:
    return trend(
        "Memory",
        "Share of memory that cannot be had without swapping; where the GPU shares it, its part counts too. Above the"
        " line the alert looks whether it goes on falling: see who took it before the kernel chooses.",
        [Line(queries.memory_used(), "used")],
        _RATIO,
        top=1,
        limits=Limits(1 - LITTLE, 1 - LITTLE),
    )


def swap() -> Panel:
    return trend(
        "Swap used",
        "Share of the swap space in use; nothing is drawn on a machine without any. Used and quiet is well: look at"
        " what is read back from it.",
        [Line(queries.swap_used(), "used")],
        _RATIO,
        top=1,
        without_data="No swap space",
    )


def paging() -> Panel:
    read, written = queries.paging()
    return trend(
        "Swapping",
        "Bytes read back from swap and written to it. Reading back goes on only where memory is short: everything is"
        " slow then, and somebody has to go.",
        [Line(read, "read back"), Line(written, "written")],
        _BYTES_PER_SECOND,
    )


def gpus() -> Panel:
    return table(
        "GPUs here",
        "Each GPU of this machine: does it answer, how busy is it over the last minutes, how full, how warm. A click"
        " leads to the board that says what holds it back.",
        [Key("gpu", "GPU", Down("machines"))],
        [
            Column(queries.gpu_up(), "Answers", words={0: ("Lost", BAD), 1: ("Yes", GOOD)}),
            Column(queries.gpu_busy(), "Busy", _RATIO),
            Column(queries.gpu_memory_used(), "Memory", _RATIO),
            Column(queries.gpu_temperature(), "Temperature", _CELSIUS),
            Column(queries.gpu_power(), "Power", _WATTS),
        ],
        without_data="No GPU can be read here",
    )


def filesystems() -> Panel:
    return table(
        "File systems",
        "How large each is, what is left and how full that makes it. Those that matter most have alerts that say how"
        " many days are left.",
        [Key("mountpoint", "Mounted at"), Key("fstype", "Type")],
        [
            Column(queries.filesystem_size(), "Size", _BYTES),
            Column(queries.filesystem_available(), "Left", _BYTES),
            Column(queries.filesystem_used(), "Used", _RATIO),
            Column(queries.inodes_free(), "Inodes left", _COUNT),
        ],
        by="Used",
        descending=True,
    )


def filled() -> Panel:
    return trend(
        "How full they are",
        "Share of each file system that is used. A slope tells when it is full; a step tells what was written.",
        [Line(queries.filesystem_used(), "{{mountpoint}}")],
        _RATIO,
        top=1,
    )


def disks() -> Panel:
    return trend(
        "Disks busy",
        "Share of time in which a disk had requests in flight. Near 1 a single disk is at its end; fast ones still take"
        " more at once.",
        [Line(queries.disk_busy(), "{{device}}")],
        _RATIO,
        top=1,
    )


def disk_bytes() -> Panel:
    return trend(
        "Disks read and written",
        "Bytes that each disk read and wrote. Reading without end while memory is short: the page cache has gone, and"
        " what is needed is read again and again.",
        [Line(queries.disk_read(), "{{device}} read"), Line(queries.disk_written(), "{{device}} written")],
        _BYTES_PER_SECOND,
    )


def traffic() -> Panel:
    return trend(
        "Traffic",
        "Bytes received and sent on each network. On the network between the nodes of an engine it follows the tokens:"
        " a fall with requests waiting is a slow link.",
        [
            Line(queries.received(), "{{tier}} {{interface}} received"),
            Line(queries.sent(), "{{tier}} {{interface}} sent"),
        ],
        _BYTES_PER_SECOND,
    )


def packets_lost() -> Panel:
    return trend(
        "Packets damaged or dropped",
        "Packets that arrived damaged, or that were thrown away. Damaged: cable or transceiver; dropped: a buffer that"
        " is too small, or nobody who listens.",
        [
            Line(queries.damaged(), "{{tier}} {{interface}} {{direction}} damaged"),
            Line(queries.dropped(), "{{tier}} {{interface}} {{direction}} dropped"),
        ],
        _PER_SECOND,
    )


def temperatures() -> Panel:
    return trend(
        "Temperatures",
        "What the warmest sensors say, and the lowest limit that one of them calls critical. Few degrees left: look at"
        " fans, dust and the air of the room.",
        [
            Line(queries.temperatures(), "{{chip}} {{sensor}}"),
            Line(queries.lowest_critical_temperature(), "lowest critical limit", target=True),
        ],
        _CELSIUS,
    )


def clock() -> Panel:
    return trend(
        "Clock",
        "How far the clock is from its time source, as the kernel knows it. Above a few milliseconds times of two nodes"
        " cannot be compared: look at the time service.",
        [Line(queries.clock_offset(), "offset")],
        _SECONDS,
    )


def processes() -> Panel:
    return trend(
        "Processes",
        "Processes that exist. A slope without end is somebody who starts them and never waits for them.",
        [Line(queries.processes(), "processes")],
        _COUNT,
    )

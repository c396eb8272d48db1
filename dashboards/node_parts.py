"""What the board of one machine shows, below its verdicts, of services, sources, processor, memory and GPUs."""

from alerts.node_memory import LITTLE
from dashboards import node_queries as queries
from dashboards.links import Down
from dashboards.panel import Panel
from dashboards.panels import BAD, COMPONENT, GOOD, Column, Key, Limits, Line, table, trend
from dashboards.panels.colours import OF_LINES
from ragpulse.catalogue.node import CPU_MODES

_RATIO, _SECONDS, _BYTES_PER_SECOND, _COUNT = "percentunit", "s", "Bps", "short"
_OF_MODES = dict(zip(CPU_MODES, OF_LINES, strict=True))
_CELSIUS, _WATTS = "celsius", "watt"


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
        [Line(queries.processor_modes(), "{{mode}}", colours=_OF_MODES)],
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

"""Machines: are GPUs and nodes healthy, how busy are they, what holds them back, and who uses them?"""

from collections.abc import Iterator

from dashboards import capacity, targets
from dashboards import machines_queries as queries
from dashboards import queries as shared
from dashboards.links import Down, cell
from dashboards.panel import Board, Folded, Panel, Row
from dashboards.panels import Column, Key, Limits, Line, count_of_bad, table, trend
from dashboards.panels.states import COMPONENT
from ragpulse.inventory import Cluster

_VERDICT_HEIGHT, _HEIGHT, _TABLE_HEIGHT = 4, 8, 7
_RATIO, _WATTS, _CELSIUS, _BYTES, _COUNT = "percentunit", "watt", "celsius", "bytes", "short"
_GPU = "{{node}} GPU {{gpu}}"
_OF_BANDS = {"below": "light-blue", "inside": "blue", "above": "purple"}
_BUSY = Limits(warning=0.9, bad=0.97)


def _rows(cluster: Cluster) -> Iterator[Row | Folded]:
    judged = targets.verdict(cluster, "gpu_utilization", Down("machines", "GPU busy"))
    is_judged = "gpu_utilization" in targets.slos(cluster) and cluster.reads_gpus()
    yield Row([_nodes(), *([judged] if is_judged else [])], _VERDICT_HEIGHT)
    if cluster.reads_gpus():
        yield from _gpus(cluster)
    yield Row([_nodes_now()], _TABLE_HEIGHT, "Nodes")
    yield Row([_cpu(), _memory(), _pressure()], _HEIGHT)
    yield from capacity.rows(cluster)


def _nodes() -> Panel:
    return count_of_bad(
        "Nodes not up",
        "Machines that are down or degraded; grey while none is and one is unknown. The Overview says which; then look"
        " at its alert.",
        shared.not_up(kind="node"),
        Down("overview", "Nodes"),
    )


def _gpus(cluster: Cluster) -> Iterator[Row | Folded]:
    band = [_band()] if cluster.targets.gpu_utilization else []
    yield Row([_busy(cluster), *band, _gpu_memory(), _power()], _HEIGHT, "GPUs")
    limits = Row([_clock(), _temperature(), _held_back()], _HEIGHT)
    users = Row([_errors(), _memory_by_user(), _time_by_user()], _HEIGHT)
    yield Folded("GPUs: what holds them back, and who uses them", [limits, users])


def _busy(cluster: Cluster) -> Panel:
    target = cluster.targets.gpu_utilization
    ends = [("lower", target.low), ("upper", target.high)] if target else []
    return trend(
        "GPU busy",
        "Share of time in which a GPU ran a kernel: the mean over all of the time, not a look now and then. Below the"
        " band while requests wait: look at what feeds it; below for want of work is well.",
        [
            Line(queries.gpu_busy(), _GPU),
            *(Line(f"vector({value:.10g})", f"{end} end of the band", target=True) for end, value in ends),
        ],
        _RATIO,
        top=1,
    )


def _band() -> Panel:
    return trend(
        "Time in the band",
        "How the time of all GPUs shown is shared between below, inside and above the band of the target. A fact and no"
        " verdict: much above means no headroom, much below is a fault only while requests wait.",
        [Line(queries.gpu_bands(), "{{band}}", colours=_OF_BANDS)],
        _RATIO,
        top=1,
        stacked=True,
    )


def _gpu_memory() -> Panel:
    return trend(
        "GPU memory used",
        "Share of the memory that a GPU can use. Where it shares that of the node (DGX Spark) this is the whole pool,"
        " programs of the CPU included: near the top the kernel kills.",
        [Line(queries.gpu_memory_used(), _GPU)],
        _RATIO,
        top=1,
    )


def _power() -> Panel:
    return trend(
        "GPU power",
        "Power drawn, from joules counted over all of the time. A GPU that is busy at a fraction of its usual power is"
        " held back: look at its clock.",
        [Line(queries.gpu_power(), _GPU)],
        _WATTS,
    )


def _clock() -> Panel:
    return trend(
        "SM clock",
        "Clock of the moment as share of the highest. Low while busy, and nothing beside it says why: the power"
        " delivery has wedged, see the runbook of GpuPowerWedge.",
        [Line(queries.gpu_clock(), _GPU)],
        _RATIO,
        top=1,
    )


def _temperature() -> Panel:
    return trend(
        "GPU temperature",
        "Temperature of the chip, and how many degrees are left before its driver slows it down. Few left: look at"
        " fans, dust and the air of the room.",
        [Line(queries.gpu_temperature(), _GPU), Line(queries.gpu_temperature_margin(), f"{_GPU}: left")],
        _CELSIUS,
    )


def _held_back() -> Panel:
    return trend(
        "Held back",
        "Share of time in which something held the clocks back, by reason. Power cap and sw_thermal belong to full"
        " load; hw_thermal and power_brake are the hardware saving itself.",
        [Line(queries.gpu_throttled(), f"{_GPU} {{{{reason}}}}")],
        _RATIO,
        top=1,
    )


def _errors() -> Panel:
    return trend(
        "XID errors",
        "Errors that the driver reported, by code. Each has an alert that says what it means and what to do.",
        [Line(queries.gpu_xid_errors(), f"{_GPU} XID {{{{code}}}}")],
        _COUNT,
    )


def _memory_by_user() -> Panel:
    return trend(
        "GPU memory by user",
        "Memory of each container, unit or program. On unified memory the sum is not all of the pool: what is not here"
        " belongs to the CPU or the page cache.",
        [Line(queries.gpu_consumer_memory(), f"{_GPU} {{{{consumer}}}}")],
        _BYTES,
    )


def _time_by_user() -> Panel:
    return trend(
        "GPU time by user",
        "Share of SM time of each container, unit or program. Somebody here who should not be is the first cause of a"
        " missed target to look for.",
        [Line(queries.gpu_consumer_time(), f"{_GPU} {{{{consumer}}}}")],
        _RATIO,
        top=1,
    )


def _nodes_now() -> Panel:
    return table(
        "Nodes now",
        "Every machine side by side. A click on its name leads to all that is known of it; the one that is otherwise"
        " than the others is where to look.",
        [Key("node", "Node", Down("node", choose={"node": cell("Node")}))],
        [
            Column(queries.node_state(), "State", words=COMPONENT),
            Column(queries.now_cpu_busy(), "CPU busy", _RATIO, _BUSY),
            Column(queries.now_memory_used(), "Memory used", _RATIO, _BUSY),
            Column(queries.now_pressure(), "Pressure", _RATIO, Limits(warning=0.1, bad=0.3), decimals=1),
            Column(queries.now_gpu_busy(), "GPUs busy", _RATIO),
            Column(queries.hottest(), "GPU", _CELSIUS),
            Column(queries.uptime(), "Up for", "s"),
        ],
        without_data="No node is known",
    )  # fmt: skip


def _cpu() -> Panel:
    return trend(
        "CPU busy",
        "Share of processor time that is not idle. Near the top for long: look for what else runs there.",
        [Line(queries.cpu_busy(), "{{node}}")],
        _RATIO,
        top=1,
    )


def _memory() -> Panel:
    return trend(
        "Memory used",
        "Share of memory that cannot be had without swapping. Where CPU and GPU share it, model and KV cache count too;"
        " near the top the kernel begins to kill.",
        [Line(queries.memory_used(), "{{node}}")],
        _RATIO,
        top=1,
    )


def _pressure() -> Panel:
    return trend(
        "Pressure",
        "Share of time in which some task waited for a resource (PSI). It rises before requests become slow: find the"
        " resource, then who uses it.",
        [Line(queries.pressure(), "{{node}} {{resource}}")],
        _RATIO,
        top=1,
    )


BOARD = Board(
    name="machines",
    title="Machines",
    question="Are the machines healthy, and is there room left on them?",
    rows=_rows,
)

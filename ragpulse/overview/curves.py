"""All nodes on one axis: how busy are processors, memory, GPUs and links, as shares of what there is?

Where there are more nodes than a person can tell apart, the busiest are drawn, and which those are is said.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ragpulse.catalogue import gpu, network, node, rdma
from ragpulse.metric import Metric
from ragpulse.overview.facts import Curve, History
from ragpulse.overview.prometheus_api import Series
from ragpulse.overview.since import Span
from ragpulse.promql import instant, rate

DRAWN = 6


@dataclass(frozen=True, slots=True)
class Measure:
    """`expression`: a share by node, as a mean over a window in seconds."""

    title: str
    meaning: str
    expression: Callable[[float], str]


def _cpu(window: float) -> str:
    idle = f"sum by (node) ({rate(node.CPU_SECONDS, window, mode='idle')})"
    return f"1 - {idle} / sum by (node) ({rate(node.CPU_SECONDS, window)})"


def _memory(_: float) -> str:
    return f"1 - max by (node) ({instant(node.MEMORY_AVAILABLE)}) / max by (node) ({instant(node.MEMORY_TOTAL)})"


def _gpu(window: float) -> str:
    return f"sum by (node) ({rate(gpu.BUSY, window)}) / (sum by (node) ({rate(gpu.OBSERVED, window)}) > 0)"


def _links(window: float) -> str:
    """RDMA passes the counters of interfaces by: its ports are links of their own."""
    ethernet = _filled(network.SENT, network.RECEIVED, network.LINK_SPEED, window)
    return f"max by (node) ({ethernet} or {_filled(rdma.SENT, rdma.RECEIVED, rdma.SPEED, window)})"


def _filled(sent: Metric, received: Metric, speed: Metric, window: float) -> str:
    out, back = rate(sent, window), rate(received, window)
    return f"({out} > {back} or {back}) / ({instant(speed)} > 0)"


MEASURES = (
    Measure("GPUs busy", "mean of a node's GPUs", _gpu),
    Measure("Processors busy", "all cores", _cpu),
    Measure("Memory used", "what cannot be had without swapping", _memory),
    Measure("Busiest link", "by Ethernet or RDMA, of its line rate, the fuller direction", _links),
)


def curves(found: Mapping[Measure, list[Series]], hour: Span, nodes: tuple[str, ...]) -> tuple[Curve, ...]:
    """Those of which anything was measured; nodes in the order of the cluster file."""
    return tuple(
        Curve(measure.title, measure.meaning + more, lines)
        for measure, all_ in found.items()
        for lines, more in [_lines(all_, hour, nodes)]
        if lines
    )


def _lines(all_: list[Series], hour: Span, nodes: tuple[str, ...]) -> tuple[tuple[tuple[str, History], ...], str]:
    points = {one.labels.get("node", ""): one.points for one in all_ if one.points}
    shown = [name for name in nodes if name in points]
    busiest = sorted(shown, key=lambda name: -max(value for _, value in points[name]))[:DRAWN]
    said = f"; the {DRAWN} busiest of {len(shown)} nodes" if len(shown) > DRAWN else ""
    shown = [name for name in shown if name in busiest]
    return tuple((name, History(hour.start, hour.end, hour.step, points[name])) for name in shown), said

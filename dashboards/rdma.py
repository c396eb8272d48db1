"""RDMA ports on the board Network: what the links of the kernel do not show, as it passes the kernel by."""

from collections.abc import Iterator

from dashboards import rdma_queries as queries
from dashboards.links import Down, cell
from dashboards.panel import Folded, Panel, Row
from dashboards.panels import BAD, GOOD, Column, Key, Limits, Line, table, trend
from ragpulse.catalogue import rdma

_TABLE_HEIGHT, _HEIGHT = 7, 8
_PORT, _COUNTER = "{{node}} {{port}} ({{tier}})", "{{node}} {{port}} {{tier}} {{kind}}"
_UP = {0: ("Down", BAD), 1: ("Up", GOOD)}
_NONE = "No RDMA port"
_EVENTS = "cps"  # a second


def row(full: Limits) -> Folded:
    """full: what share of its line rate makes a port wait."""
    return Folded("RoCE", list(_rows(full)))


def _rows(full: Limits) -> Iterator[Row]:
    yield Row([_ports(full)], _TABLE_HEIGHT)
    yield Row([_utilisation(full), _congestion()], _HEIGHT)
    yield Row([_losses(), _errors()], _HEIGHT)


def _ports(full: Limits) -> Panel:
    return table(
        "RDMA ports",
        "Every port for RDMA (RoCE, InfiniBand) now; the interface that it shares does not count its traffic. Up needs"
        " a cable, and more: where the cable is up and the port is down, look at its address or at the subnet manager.",
        [
            Key("node", "Node", Down("node", choose={"node": cell("Node")})),
            Key("port", "Port"),
            Key("tier", "Tier"),
        ],
        [
            Column(queries.reading(rdma.PORT_UP), "State", words=_UP),
            Column(queries.reading(rdma.LINK_UP), "Cable", words=_UP),
            Column(queries.reading(rdma.SPEED), "Speed", "Bps"),
            Column(queries.utilisation(300.0), "Used", "percentunit", full, decimals=1),
            Column(queries.traffic(rdma.RECEIVED, 300.0), "Received", "Bps"),
            Column(queries.traffic(rdma.SENT, 300.0), "Sent", "Bps"),
        ],
        without_data=_NONE,
    )


def _utilisation(full: Limits) -> Panel:
    return trend(
        "RDMA: share of the line rate",
        "What each port carried, in its fuller direction, of what it can. Near the limit the engines on both nodes wait"
        " for each other: find out what else sends.",
        [Line(queries.utilisation(), _PORT)],
        "percentunit",
        top=1,
        limits=full,
        without_data=_NONE,
    )


def _congestion() -> Panel:
    return trend(
        "RDMA: congestion",
        "Notifications per second: sent by a port to which too much comes at once, handled by one that then slows down."
        " Steady ones mean that the network is full: look who sends, and at the queues of the switch.",
        [Line(queries.congestion(), f"{_PORT} {{{{direction}}}}")],
        _EVENTS,
        without_data=_NONE,
    )


def _losses() -> Panel:
    return trend(
        "RDMA: sent again",
        "Signs of lost packets per second, by the kernel's counter; ports without any are not drawn. A network for RDMA"
        " must lose nothing: look at the flow control (PFC, ECN) of switch and card, then at the cable.",
        [Line(queries.trouble(rdma.LOSSES), _COUNTER)],
        _EVENTS,
        without_data=_NONE,
    )


def _errors() -> Panel:
    return trend(
        "RDMA: faults of ports",
        "Damaged packets and symbols, and links that went down, per second; ports without any are not drawn. They are a"
        " cable, a transceiver or a port: replace the cable first.",
        [Line(queries.trouble(rdma.ERRORS), _COUNTER)],
        _EVENTS,
        without_data=_NONE,
    )

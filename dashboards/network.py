"""Network: which way between two nodes is slow, lossy or down?"""

from collections.abc import Iterator

from dashboards import network_queries as queries
from dashboards import rdma
from dashboards.links import Down, cell
from dashboards.panel import Board, Folded, Panel, Row
from dashboards.panels import BAD, GOOD, Column, Key, Limits, Line, count_of_bad, judged, table, timeline, trend
from ragpulse.catalogue import network
from ragpulse.inventory import Cluster

_VERDICT_HEIGHT, _HEIGHT, _TABLE_HEIGHT = 4, 8, 9
_SECONDS, _RATIO, _BYTES_PER_SECOND, _PACKETS = "s", "percentunit", "Bps", "pps"
_LINK, _WAY = "{{node}} {{interface}} ({{tier}})", "{{node}} to {{peer}} ({{tier}})"
# Of what fails: `none` is all of it while nothing does.
_FAILING_WAY, _FAILING_LINK = "{{node}} {{peer}} {{tier}} {{reason}}", "{{node}} {{interface}} {{tier}} {{direction}}"
# A link that is this full makes what it carries wait (the usual marks for a line's utilisation).
_FULL = Limits(warning=0.8, bad=0.95)
_ANY = Limits(warning=1, bad=1)
_UP = {0: ("Down", BAD), 1: ("Up", GOOD)}


def _rows(cluster: Cluster) -> Iterator[Row | Folded]:
    has_ways = len(cluster.nodes) > 1
    tiles = [_links_down(), *([_pairs_failing()] if has_ways else []), _fullest(), _troubled()]
    yield Row(tiles, _VERDICT_HEIGHT)
    if has_ways:
        yield Row([_ways()], _TABLE_HEIGHT, "Ways between nodes")
        yield Row([_tiers(), _slowest(), _failing()], _HEIGHT)
    yield Row([_links()], _TABLE_HEIGHT, "Links")
    yield Row([_utilisation(), _up()], _HEIGHT)
    yield Folded("Traffic and damage", [Row([_received(), _sent()], _HEIGHT), Row([_errors(), _drops()], _HEIGHT)])
    yield rdma.row(_FULL)


def _links_down() -> Panel:
    return count_of_bad(
        "Links down",
        "Interfaces of our networks without a carrier. Look at the cable and at the other end of it.",
        queries.links_down(),
        Down("network", "Links"),
    )


def _pairs_failing() -> Panel:
    return count_of_bad(
        "Pairs failing",
        "Pairs of nodes between which a connection failed in the last minutes. One node in all of them: look at that"
        " node; one tier in all of them: at its switch.",
        queries.pairs_failing(),
        Down("network", "Ways"),
    )


def _fullest() -> Panel:
    return judged(
        "Fullest link",
        "Share of its line rate that the fullest link carried over the last minutes. Near the whole, what goes over it"
        " waits: see what sends, or use another tier.",
        queries.fullest_link(_FULL.warning),
        _RATIO,
        _FULL,
        Down("network", "Share of the line rate"),
        Down("network", "RDMA: share of the line rate"),
        decimals=1,
    )


def _troubled() -> Panel:
    return judged(
        "Damaged or dropped packets",
        "Per second, over all links and the last minutes. A few are normal on a busy machine; steady ones are a cable,"
        " a port or an overrun queue.",
        queries.errors_now(_ANY.bad),
        _PACKETS,
        _ANY,
        Down("network", "Links"),
    )


def _ways() -> Panel:
    return table(
        "Ways",
        "Time to open a connection from each node to each other, on each tier, over the last five minutes. A click on a"
        " node leads to it; one slow row is a link, a slow column of one peer is that peer.",
        [
            Key("node", "From", Down("node", choose={"node": cell("From")})),
            Key("peer", "To", Down("node", choose={"node": cell("To")})),
            Key("tier", "Tier"),
        ],
        [
            Column(queries.ways(), "Median", _SECONDS),
            Column(queries.slow_ways(), "p95", _SECONDS),
            Column(queries.failures_now(), "Failed", limits=_ANY),
        ],
        by="p95",
        descending=True,
        without_data="No pair is probed",
    )


def _tiers() -> Panel:
    return trend(
        "Time to connect: by tier",
        "Median and p95 over all pairs of each tier. One tier slower than it was: look at its switch and its cables.",
        [
            Line(queries.tier_time(0.5), "{{tier}} p50", quantile=0.5),
            Line(queries.tier_time(0.95), "{{tier}} p95", quantile=0.95),
        ],
        _SECONDS,
    )


def _slowest() -> Panel:
    return trend(
        "Time to connect: slowest ways",
        "p95 of the ways that are slowest at each moment. The same node in most of them: look at what it does at that"
        " time.",
        [Line(queries.slowest_ways(), _WAY)],
        _SECONDS,
    )


def _failing() -> Panel:
    return trend(
        "Connections that fail",
        "Failed connections per second by way and reason. Timeout is a lost or filtered packet, unreachable a route or"
        " a process that does not listen; look there.",
        [Line(queries.failures_by_reason(), _FAILING_WAY)],
        "reqps",
    )


def _links() -> Panel:
    return table(
        "Links",
        "Every interface of our networks now: carrier, negotiated speed, largest packet, and what it carries. A speed"
        " below what the cable can do was negotiated down: reseat it; different MTUs on one tier lose packets.",
        [
            Key("node", "Node", Down("node", choose={"node": cell("Node")})),
            Key("interface", "Interface"),
            Key("tier", "Tier"),
        ],
        [
            Column(queries.links_up(), "Carrier", words=_UP),
            Column(queries.link_reading(network.LINK_SPEED), "Speed", _BYTES_PER_SECOND),
            Column(queries.link_reading(network.LINK_MTU), "MTU"),
            Column(queries.utilisation(300.0), "Used", _RATIO, _FULL, decimals=1),
            Column(queries.traffic(network.RECEIVED, 300.0), "Received", _BYTES_PER_SECOND),
            Column(queries.traffic(network.SENT, 300.0), "Sent", _BYTES_PER_SECOND),
        ],
        without_data="No link is known",
    )


def _utilisation() -> Panel:
    return trend(
        "Share of the line rate",
        "What each link carried, in its fuller direction, of what it can. Near the limit what goes over it waits: find"
        " out who sends.",
        [Line(queries.utilisation(), _LINK)],
        _RATIO,
        top=1,
        limits=_FULL,
    )


def _up() -> Panel:
    return timeline(
        "Carrier",
        "Which interface had a carrier when. One that comes and goes is a cable or a transceiver: replace it.",
        Line(queries.links_up(), _LINK),
        _UP,
    )


def _received() -> Panel:
    return trend(
        "Received",
        "Bytes per second by link. Compare both nodes: what one sends the other receives.",
        [Line(queries.traffic(network.RECEIVED), _LINK)],
        _BYTES_PER_SECOND,
    )


def _sent() -> Panel:
    return trend(
        "Sent",
        "Bytes per second by link. Compare both nodes: what one sends the other receives.",
        [Line(queries.traffic(network.SENT), _LINK)],
        _BYTES_PER_SECOND,
    )


def _errors() -> Panel:
    return trend(
        "Damaged packets",
        "Per second, by link and direction; links without any are not drawn. Steady ones are a cable or a port: replace"
        " the cable first.",
        [Line(queries.trouble(network.ERRORS), _FAILING_LINK)],
        _PACKETS,
    )


def _drops() -> Panel:
    return trend(
        "Dropped packets",
        "Per second, by link and direction; links without any are not drawn. The queue was full: the receiver is too"
        " slow, or a faster link sends into a slower one.",
        [Line(queries.trouble(network.DROPPED), _FAILING_LINK)],
        _PACKETS,
    )


BOARD = Board(
    name="network",
    title="Network",
    question="Which way between two nodes is slow, lossy or down?",
    rows=_rows,
)

"""The networks between the nodes: is each link up and as good as it must be, and does what is sent arrive?

Tickets: who cannot work over a network that is gone (an engine over two nodes) has a page of its own. A way ends at two
nodes and goes over a link: it is not told where one of these is known to be down.
"""

from collections.abc import Iterator

from alerts.node import NODE_DOWN
from alerts.rule import Alert, Group
from ragpulse.catalogue.network import ERRORS, LINK_MTU, LINK_SPEED, LINK_UP, PEER_DURATION, PEER_FAILURES
from ragpulse.inventory import Cluster
from ragpulse.promql import Pattern, events_rate, fired_within, instant, rate
from ragpulse.recorded import long_window, short_window
from ragpulse.units import human_duration

_HOLD_INTERVALS = 3
_OF_A_TIER = Pattern(".+")  # ports of hardware that no network of the cluster uses may be empty
_DAMAGED_A_SECOND = 0.1
_LOST_SHARE = 0.1


def rules(cluster: Cluster) -> list[Group]:
    ways = tuple(_ways(cluster)) if len(cluster.nodes) > 1 else ()
    return [Group("network", (*_links(cluster), *ways))]


def _links(cluster: Cluster) -> Iterator[Alert]:
    long, hold = long_window(cluster), _HOLD_INTERVALS * cluster.monitoring.scrape_interval
    yield _link(
        "LinkDown",
        f"{instant(LINK_UP, tier=_OF_A_TIER)} == 0",
        hold,
        "is down.",
        "No carrier, switched off, or gone. What goes over this network does not reach this node.",
    )
    speeds = [
        f"{instant(LINK_SPEED, node=nodes, tier=t)} < {value:g}" for t, value, nodes in _declared(cluster, "speed")
    ]
    if speeds:
        yield _link(
            "LinkSlow",
            " or ".join(speeds),
            hold,
            "runs at {{ $value | humanize }}B/s, slower than the cluster file says.",
            "It was trained at a lower speed: a cable, a port of the switch, or the other end.",
        )
    sizes = [f"{instant(LINK_MTU, node=nodes, tier=t)} != {value:g}" for t, value, nodes in _declared(cluster, "mtu")]
    if sizes:
        yield _link(
            "LinkMtuWrong",
            " or ".join(sizes),
            hold,
            "has packets of {{ $value }} bytes, which is not what the cluster file says.",
            "Where two ends differ, large packets vanish while small ones arrive: connections open and then hang.",
        )
    yield _link(
        "LinkErrors",
        f"{rate(ERRORS, long, tier=_OF_A_TIER)} > {_DAMAGED_A_SECOND}",
        hold,
        'damages {{ printf "%.2f" $value }} packets a second ({{ $labels.direction }}).',
        "They are sent again, which takes time; RDMA suffers most. A cable, a transceiver or a port is going.",
    )


def _declared(cluster: Cluster, key: str) -> Iterator[tuple[str, float, tuple[str, ...]]]:
    """(tier, what it must have, the nodes of which the cluster file says so)."""
    found: dict[tuple[str, float], list[str]] = {}
    for name, node in cluster.nodes.items():
        for tier, part in node.tiers.items():
            if (value := getattr(part, key)) is not None:
                found.setdefault((tier, value), []).append(name)
    for (tier, value), nodes in found.items():
        yield tier, value, tuple(nodes)


def _ways(cluster: Cluster) -> Iterator[Alert]:
    short, long = short_window(cluster), long_window(cluster)
    step = cluster.monitoring.scrape_interval
    down = instant(LINK_UP, tier=_OF_A_TIER) + " == 0"
    known = f"unless on (peer) {_as_peer(fired_within(long + step, alertname=NODE_DOWN))}"
    known += f" unless on (node, tier) {down} unless on (peer, tier) {_as_peer(down)}"
    yield _way(
        "PeerUnreachable",
        f"{_by_way(rate(PEER_FAILURES, short))} > 0 unless {_arrived(short)} > 0 {known}",
        _HOLD_INTERVALS * step,
        "cannot reach {{ $labels.peer }}.",
        f"No connection to it over this network has opened for {human_duration(short)}; Prometheus still reaches"
        " both nodes.",
    )
    lost = _by_way(rate(PEER_FAILURES, long))
    yield _way(
        "PeerLossy",
        f"{lost} / ({lost} + {_arrived(long)}) > {_LOST_SHARE} and {_arrived(short)} > 0 {known}",
        short,
        "loses {{ $value | humanizePercentage }} of its connections to {{ $labels.peer }}.",
        f"In {human_duration(long)} more than one in ten did not open, yet some do: packets are lost on the way.",
    )


def _by_way(expr: str) -> str:
    return f"sum by (node, peer, tier) ({expr})"


def _arrived(window: float) -> str:
    return _by_way(events_rate(PEER_DURATION, window))


def _as_peer(expr: str) -> str:
    """What is said of a node, said of the peer of that name."""
    return f'label_replace({expr}, "peer", "$1", "node", "(.*)")'


def _link(name: str, expr: str, hold: float, what: str, meaning: str) -> Alert:
    return _alert(name, expr, hold, f"{{{{ $labels.interface }}}} ({{{{ $labels.tier }}}}) {what}", meaning)


def _way(name: str, expr: str, hold: float, what: str, meaning: str) -> Alert:
    return _alert(name, expr, hold, f"over {{{{ $labels.tier }}}}, it {what}", meaning)


def _alert(name: str, expr: str, hold: float, what: str, meaning: str) -> Alert:
    return Alert(
        name,
        expr,
        hold=hold,
        severity="ticket",
        component="{{ $labels.node }}",
        summary=f"{{{{ $labels.node }}}}: {what}",
        description=meaning,
        labels={"node": "{{ $labels.node }}"},
    )

"""`ragpulse notify test [RECEIVER]`: does a notification really arrive? One marked test for each receiver, one by one.

It goes the way of every alert: Alertmanager of this node, its own integration or the adapter, the service. Exit status
1 when one was not delivered or nothing shows that it was; 2 for a wrong cluster file or receiver.
"""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from ragpulse import cluster_file, endpoints
from ragpulse.errors import ConfigError, Problem, RagpulseError
from ragpulse.inventory import Cluster
from ragpulse.nearest import nearest
from ragpulse.notification_test import Alertmanager, Found, Relay, by_counts, by_relay
from ragpulse.receivers import Email
from ragpulse.relayed import relayed
from ragpulse.stack.telling import Telling
from ragpulse.stack.this_node import own_addresses, this_node

app = typer.Typer(help="Prove that notifications arrive.", no_args_is_help=True)

_STYLES = {"delivered": "green", "failed": "bold red", "no evidence": "yellow"}


@app.callback()
def notify() -> None:
    """Prove that notifications arrive."""


@app.command("test")
def send_tests(
    receiver: Annotated[
        str | None, typer.Argument(help="Who is to be told [default: each of notify.receivers].")
    ] = None,
    *,
    config: Annotated[Path, typer.Option(help="The cluster file.")] = Path("cluster.yaml"),
    node: Annotated[str | None, typer.Option(help="Which node this machine is [default: by its addresses].")] = None,
    within: Annotated[float, typer.Option(min=1, help="Seconds to wait for each.")] = 30,
) -> None:
    """Send one marked notification to each receiver, and wait for evidence that it was taken."""
    cluster = cluster_file.load(config)
    names = _chosen(cluster, receiver, config)
    telling = Telling()
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("receiver", "kind", "result", "after", "evidence"):
        table.add_column(title, overflow="fold")
    delivered = 0
    # Nobody is asked over TLS, and reading the certificates of all authorities takes longer than the rest.
    with httpx.Client(trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as client:
        url = _alertmanager(cluster, node)
        for name, found in _tested(cluster, names, client, url, within=within, telling=telling):
            delivered += found.state == "delivered"
            kind = cluster.notify.receivers[name].kind
            took = f"{found.seconds:.1f} s" if found.seconds else ""
            table.add_row(name, kind, found.state, took, found.detail, style=_STYLES[found.state])
    telling.console.print(table)
    if delivered < len(names):
        raise RagpulseError(f"{len(names) - delivered} of {len(names)} test notifications were not seen to arrive")


def _tested(
    cluster: Cluster, names: tuple[str, ...], client: httpx.Client, url: str, *, within: float, telling: Telling
) -> Iterator[tuple[str, Found]]:
    alertmanager = Alertmanager(client, url)
    relay = Relay(client, f"http://{endpoints.authority(endpoints.LOOPBACK, cluster.monitoring.ports.relay)}")
    through_adapter = relayed(cluster)
    with telling.at_work():
        for name in names:
            telling.step(f"{name}: sending a test notification")
            if not alertmanager.knows(name):
                yield name, Found("failed", "Alertmanager runs with another configuration: run `ragpulse up`")
                continue
            receiver = cluster.notify.receivers[name]
            before = alertmanager.counts(receiver.kind)
            identity = alertmanager.post(name, cluster.name)
            if name in through_adapter:
                yield name, by_relay(relay, name, identity, within=within)
            else:
                expected = len(receiver.to) if isinstance(receiver, Email) else 1
                yield name, by_counts(alertmanager, receiver.kind, before, expected=expected, within=within)


def _chosen(cluster: Cluster, receiver: str | None, config: Path) -> tuple[str, ...]:
    known = cluster.notify.receivers
    if receiver in known:
        return (receiver,)
    if receiver is not None:
        raise ConfigError(str(config), [Problem("notify.receivers", f"has no {receiver}{nearest(receiver, known)}")])
    if not known:
        raise ConfigError(str(config), [Problem("notify.receivers", "names nobody who could be told")])
    return tuple(known)


def _alertmanager(cluster: Cluster, node: str | None) -> str:
    """Of this node; a single one listens on 127.0.0.1, whichever node that is."""
    places = endpoints.alertmanager(cluster)
    if len(places) == 1:
        return f"http://{next(iter(places.values()))}"
    ours = this_node(cluster, node, own_addresses())
    if ours not in places:
        raise RagpulseError(f"{ours} has no Alertmanager; run this on {' or '.join(places)}")
    return f"http://{places[ours]}"

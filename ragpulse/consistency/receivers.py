"""Receivers that cannot be told, or of which the file says too much."""

from collections.abc import Iterator

from ragpulse.consistency.contradiction import Contradiction
from ragpulse.inventory import Cluster
from ragpulse.location import Path_
from ragpulse.receivers import Email, Hook
from ragpulse.relayed import HEARTBEAT


def contradictions(cluster: Cluster) -> Iterator[Contradiction]:
    notify = cluster.notify
    for name, receiver in notify.receivers.items():
        at: Path_ = ("notify", "receivers", name)
        if isinstance(receiver, Hook):
            yield from _hook(at, receiver)
        if isinstance(receiver, Email):
            yield from _login(at, receiver)
    if notify.heartbeat is not None:
        yield from _hook(("notify", HEARTBEAT), notify.heartbeat)
        if HEARTBEAT in notify.receivers:
            text = "is what notify.heartbeat is called; call this receiver otherwise"
            yield Contradiction(("notify", "receivers", HEARTBEAT), text, (("notify", HEARTBEAT),))


def _hook(at: Path_, hook: Hook) -> Iterator[Contradiction]:
    if hook.url is None and hook.url_file is None:
        yield Contradiction(at, "needs either url or url_file")
    if hook.url is not None and hook.url_file is not None:
        yield Contradiction((*at, "url_file"), "stands beside url; keep one of them")


def _login(at: Path_, email: Email) -> Iterator[Contradiction]:
    if email.username is not None and email.password_file is None:
        yield Contradiction((*at, "username"), "needs password_file beside it")
    if email.password_file is not None and email.username is None:
        yield Contradiction((*at, "password_file"), "needs username beside it")

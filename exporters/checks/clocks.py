"""Do the clocks of the nodes agree? What is compared and how fine that is, is said with each.

This node: what the kernel says of its own synchronisation. Another node: the finest of what its programs say of the
time: Chroma's heartbeat in nanoseconds, else the Date of any HTTP answer (whole seconds), the agent's last. All that
the way takes, and the rest of a second that is not told, widens what is known. Seconds.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from exporters import chroma_api
from exporters.checks.check import Check, Key, Result, Scene, failed, not_checked, note, well
from exporters.http_client import Answer, Failure, HttpClient
from exporters.kernel_clock import ClockState, clock_state
from exporters.source import SourceError
from ragpulse import endpoints, vantage
from ragpulse.tiers import HOME_TIER, addresses

if TYPE_CHECKING:
    from ragpulse.services import AnyService

_MOST = 1.0  # beyond it, what two nodes say happens in another order than it did
_SECONDS = 3.0
_LONG = 120.0  # of all witnesses of a node in turn
_NS = 1e9


@dataclass(frozen=True, slots=True)
class Witness:
    """Something on a node that tells the time; `resolution` in seconds. `told` gives the begin of its tick."""

    what: str
    resolution: float
    ask: Callable[[], Answer]
    told: Callable[[Answer], float]


def checks(scene: Scene, known: Container[Key]) -> Iterator[Check]:
    """`known`: the checks of the ways; what is not reached is not asked for the time."""
    yield Check(f"node {scene.node}", "clock", partial(own, scene))
    for node in scene.cluster.nodes:
        if node != scene.node:
            way = (f"node {node}", f"route {HOME_TIER}")
            yield Check(
                f"node {node}", "clock", partial(other, scene, node), (way,) if way in known else (), limit=_LONG
            )


def own(scene: Scene, ask: Callable[[], ClockState | None] = clock_state) -> Result:
    state = ask()
    if state is None:
        return not_checked("the kernel does not let us ask whether its clock is synchronised (adjtimex)")
    if not state.synchronised:
        return note(f"the kernel says that nothing synchronises it (adjtimex); on {scene.node}: timedatectl")
    return well(f"synchronised, {1000 * (state.offset or 0.0):+.1f} ms to go (kernel, adjtimex)")


def other(scene: Scene, node: str) -> Result:
    for witness in witnesses(scene, node):
        try:
            answer = witness.ask()
            now, begin = time.time(), witness.told(answer)
        except (Failure, SourceError, ValueError):
            continue
        # It was told at some moment between the request and now, and within its tick.
        least, most = begin - now, begin + witness.resolution - (now - answer.seconds)
        middle, half = (least + most) / 2, (most - least) / 2
        said = f"{middle:+.2f} ± {half:.2f} s by {witness.what}"
        if least <= _MOST and most >= -_MOST:
            return well(said)
        return failed(
            f"its clock is not ours: {said}",
            f"set the clock of {node} (or of this node): timedatectl; chronyc makestep, or systemctl restart"
            " systemd-timesyncd",
        )
    return not_checked("nothing on it told the time")


def witnesses(scene: Scene, node: str) -> Iterator[Witness]:
    """The finest first. What stands behind a proxy elsewhere tells of the proxy's clock, and is left out."""
    here = addresses(scene.cluster.nodes[node]).values()
    living = {
        name: service
        for name, service in scene.cluster.services.items()
        if vantage.home(scene.cluster, name) == node and _host(service) in here
    }
    for name, service in living.items():
        if service.kind == "chroma":
            client = chroma_api.client(service, _SECONDS)
            ask = partial(_once, client, chroma_api.HEARTBEAT)
            yield Witness(f"the heartbeat of {name}", 0.0, ask, _heartbeat)
    for name, service in living.items():
        if service.kind in {"vllm", "memory", "http"}:
            yield _dated(name, HttpClient(service.url, timeout=_SECONDS, tls=service.tls))
    yield _dated("the agent", HttpClient(f"http://{endpoints.agent(scene.cluster, node)}/healthz", timeout=_SECONDS))


def _host(service: AnyService) -> str:
    url = getattr(service, "url", None)
    return (urlsplit(url).hostname or "") if url else ""


def _dated(what: str, client: HttpClient) -> Witness:
    return Witness(f"the Date of {what} (whole seconds)", 1.0, partial(_once, client), _date)


def _once(client: HttpClient, path: str = "") -> Answer:
    with contextlib.closing(client):
        return client.get(path, with_auth=False)


def _date(answer: Answer) -> float:
    return parsedate_to_datetime(answer.date).timestamp()


def _heartbeat(answer: Answer) -> float:
    found = answer.expect().mapping().get("nanosecond heartbeat")
    if type(found) is not int or not 0 < found < 2**63:
        raise ValueError("no time")
    return found / _NS

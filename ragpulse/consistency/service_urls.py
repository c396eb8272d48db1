"""URLs of services that another one has already, and settings of TLS that do not fit them."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ragpulse.consistency.contradiction import Contradiction
from ragpulse.consistency.places import places
from ragpulse.endpoints import authority
from ragpulse.inventory import Cluster
from ragpulse.location import Path_
from ragpulse.services import Http, Ray, Service

# Settings that change how often and from where something is asked, not what.
_NOT_WHAT = {"nodes", "probe_from", "every", "timeout", "depends_on"}
_DEFAULT_PORTS = {"http": 80, "https": 443}


def contradictions(cluster: Cluster) -> Iterator[Contradiction]:
    yield from _twice(cluster)
    yield from _at_a_place_of_ours(cluster)
    yield from _tls(cluster)


def url_of(service: Service) -> str | None:
    found: str | None = getattr(service, "url", None)
    return found


def twins(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Services that ask the same of the same server as an earlier one: two models or two databases are not the same."""
    seen: list[tuple[str, dict[str, Any]]] = []
    for name, service in cluster.services.items():
        if url_of(service) is None:
            continue
        what = service.model_dump(exclude=_NOT_WHAT)
        what["url"] = what["url"].rstrip("/")
        if isinstance(service, Ray):  # the usual URL is another place on each head
            what["head"] = service.nodes[0]
        if other := next((other for other, its in seen if its == what), None):
            yield name, other
        seen.append((name, what))


def _twice(cluster: Cluster) -> Iterator[Contradiction]:
    """One page may well stand for several plain http services."""
    for name, other in twins(cluster):
        if not isinstance(service := cluster.services[name], Http):
            text = f"the same {service.kind} is already {other}; write its own URL, or what tells the two apart"
            yield Contradiction(("services", name, "url"), text, (("services", name), ("services", other)))


def _at_a_place_of_ours(cluster: Cluster) -> Iterator[Contradiction]:
    """A page of ours may be watched as a plain http service; nothing else can listen there."""
    ours = {str(place): place for place in places(cluster)}
    for name, service in cluster.services.items():
        url = url_of(service)
        if url is None or isinstance(service, Http):
            continue
        parts = urlsplit(url)
        if place := ours.get(authority(parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme])):
            text = f"{place.what} of {place.node} listens on {place}; a service has a port of its own"
            yield Contradiction(("services", name, "url"), text, (("nodes", place.node), ("monitoring",)))


def _tls(cluster: Cluster) -> Iterator[Contradiction]:
    for name, service in cluster.services.items():
        if (tls := service.tls) is None:
            continue
        at: Path_ = ("services", name)
        url = url_of(service)
        if url is not None and url.startswith("http://"):
            yield Contradiction((*at, "tls"), f"the URL is {url}: tls is for https://", ((*at, "url"),))
        if tls.cert_file is not None and tls.key_file is None:
            text = "needs key_file beside it; one file that holds both is named twice"
            yield Contradiction((*at, "tls", "cert_file"), text, ((*at, "tls"),))
        if tls.key_file is not None and tls.cert_file is None:
            yield Contradiction((*at, "tls", "key_file"), "needs cert_file beside it", ((*at, "tls"),))

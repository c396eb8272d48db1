"""What may be right in a valid cluster file and often is not: said by `ragpulse check`, refused by nobody."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from ragpulse import budget
from ragpulse.catalogue.vllm_canary import CHECK as CANARY
from ragpulse.consistency.contradiction import Contradiction
from ragpulse.consistency.places import is_loopback
from ragpulse.consistency.service_urls import twins, url_of
from ragpulse.inventory import Cluster
from ragpulse.location import Path_
from ragpulse.objectives import objectives
from ragpulse.rag_stages import cannot_be_asked, operations
from ragpulse.services import WATCHED, Rag, Vllm
from ragpulse.tiers import addresses
from ragpulse.units import human_duration, prometheus_duration
from ragpulse.vantage import canary_nodes, canary_timeout, interval, vantages


def remarks(cluster: Cluster) -> Iterator[Contradiction]:
    yield from _urls(cluster)
    for name, other in twins(cluster):
        yield Contradiction(("services", name, "url"), f"asks the same as {other}")
    yield from _unmeasured(cluster)
    yield from _impatient(cluster)
    yield from _seldom(cluster)
    yield from _left_out(cluster)
    yield from _unwatched(cluster)
    yield from _unheard(cluster)


def _urls(cluster: Cluster) -> Iterator[Contradiction]:
    owner = {address: name for name, node in cluster.nodes.items() for address in addresses(node).values()}
    for name, service in cluster.services.items():
        if (url := url_of(service)) is None:
            continue
        at: Path_ = ("services", name, "url")
        host = urlsplit(url).hostname or ""
        if (node := owner.get(host)) is not None and node not in service.nodes:
            yield Contradiction(at, f"{host} is {node}, where this service does not live; right only behind a proxy")
        probing = [node for node in vantages(cluster, name) if not is_loopback(cluster.nodes[node].address)]
        if is_loopback(host) and (elsewhere := [node for node in probing if node not in service.nodes]):
            text = f"{host} is {' and '.join(elsewhere)} itself, from where it is probed; write the service's address"
            yield Contradiction(at, text)
        if isinstance(service, Vllm) and url.rstrip("/").endswith("/v1"):
            yield Contradiction(at, "ends with /v1, but /v1/models and /health are added to it; leave /v1 out")


def _unmeasured(cluster: Cluster) -> Iterator[Contradiction]:
    for objective in objectives(cluster):
        if objective.unmeasured is not None:
            reason = objective.unmeasured.replace("<name>", objective.service)
            yield Contradiction(("targets", objective.slo), f"nothing is judged of {objective.service}: {reason}")


def _impatient(cluster: Cluster) -> Iterator[Contradiction]:
    target = cluster.targets.time_to_first_token
    for name, service in cluster.services.items():
        if target is None or not isinstance(service, Vllm) or not service.canary.enabled:
            continue
        if (timeout := canary_timeout(service.canary)) <= target.below:
            text = (
                f"gives up after {prometheus_duration(timeout)}, before a first token is late"
                f" ({prometheus_duration(target.below)}): what is within the target counts as failed; give"
                " `canary.every` and `canary.timeout` more"
            )
            yield Contradiction(("services", name, "canary"), text)


def _seldom(cluster: Cluster) -> Iterator[Contradiction]:
    """One lost probe never pages, whatever the objective: so few probes are late to tell of an outage."""
    for objective in budget.budgeted(cluster):
        if objective.slo != "availability":
            continue
        name, service = objective.service, cluster.services[objective.service]
        if isinstance(service, Vllm) and objective.check == CANARY:
            at: Path_ = ("services", name, "canary", "every")
            nodes, every = canary_nodes(cluster, name), service.canary.every
        else:
            at = ("services", name, "every")
            nodes, every = vantages(cluster, name), interval(cluster, name)
        takes = budget.FEWEST * every / len(nodes)
        if takes > budget.PAGE[0].short:
            text = (
                f"its budget is told of from {budget.FEWEST} failed probes on, which take {human_duration(takes)} here:"
                f" {3600 * len(nodes) / every:.0f} probes an hour; probe more often"
            )
            yield Contradiction(at, text)


def _left_out(cluster: Cluster) -> Iterator[Contradiction]:
    """Of a path whose stages follow from `depends_on`."""
    for name, service in cluster.services.items():
        if isinstance(service, Rag) and not service.stages:
            for needed in service.depends_on:
                other = cluster.services[needed]
                lacking = next(filter(None, (cannot_be_asked(one, other) for one in operations(other))), "")
                if lacking:
                    text = f"{needed} is no stage of it: set services.{needed}.{lacking}"
                    yield Contradiction(("services", name), text)


def _unwatched(cluster: Cluster) -> Iterator[Contradiction]:
    for name, service in cluster.services.items():
        if not isinstance(service, WATCHED):
            yield Contradiction(("services", name), f"{service.kind} is accepted, and not watched by this version")
    for name, backup in cluster.backups.items():
        if backup.every is None:
            yield Contradiction(("backups", name), "has no `every`, so nobody is told when it is overdue")


def _unheard(cluster: Cluster) -> Iterator[Contradiction]:
    if not cluster.notify.page:
        yield Contradiction(("notify", "page"), "nobody is told of an alert that must be seen to at once")
    for name in cluster.notify.receivers:
        if name not in (*cluster.notify.page, *cluster.notify.ticket):
            text = "stands in neither page nor ticket, so it is told of nothing"
            yield Contradiction(("notify", "receivers", name), text)

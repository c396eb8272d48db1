"""The whole path of a RAG request: does a question get its answer, and which stage takes longer than it used to?

What is broken beneath has a page of its own, which says more: then the path has none. It pages alone when every
service is well and the path is not: a collection that is empty or gone, vectors of another model, a model that took
another's place.
"""

from collections.abc import Iterator

from alerts.demand import demand_share
from alerts.rule import Alert, Group
from alerts.service_alert import explaining, service_alert
from ragpulse.catalogue.rag import FAILING_STAGE, STAGE_DURATION, STAGE_RUNS
from ragpulse.catalogue.service import UP
from ragpulse.inventory import Cluster
from ragpulse.promql import increase, instant, mean, series
from ragpulse.rag_stages import stages
from ragpulse.recorded import long_window, short_window
from ragpulse.services import Rag, Vllm
from ragpulse.vantage import interval, vantages

RAG_PATH_BROKEN = "RagPathBroken"
RAG_PATH_SLOW = "RagPathSlow"

# Longer than what is beneath needs to be known and told: a vLLM that hangs takes the longest.
_TOLD_WITHIN, _TOLD_INTERVALS = 25.0, 3
_WALKS = 2
_USUAL = 6 * 3600.0
_TIMES, _SECONDS = 2, 0.2
_FEW = 30
_QUEUED = 0.1  # share of the window


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(alert for name, path in cluster.of_kind(Rag).items() for alert in _alerts(cluster, name, path))
    return [Group("rag", alerts)] if alerts else []


def _alerts(cluster: Cluster, name: str, path: Rag) -> Iterator[Alert]:
    needed = explaining(cluster, name)
    told = f" unless on () {_paged(needed)}" if needed else ""
    at = f"max by (stage) ({instant(FAILING_STAGE, service=name)} == 1)"
    seen = f"Asked from {', '.join(vantages(cluster, name))}."
    slowest = max((interval(cluster, service) for service in needed), default=0.0)
    yield service_alert(
        cluster,
        name,
        name=RAG_PATH_BROKEN,
        condition=f"max by (service) ({instant(UP, service=name)}) == 0{told}",
        hold=max(
            _WALKS * interval(cluster, name),
            slowest + _TOLD_WITHIN + _TOLD_INTERVALS * cluster.monitoring.scrape_interval,
        ),
        severity="page",
        what=f"answers no question: it breaks at{{{{ range query `{at}` }}}} {{{{ .Labels.stage }}}}{{{{ end }}}}.",
        meaning="Each service that it needs may answer for itself, and what one hands to the next does not fit; or one"
        f" of them fails in a way that its own probe does not see. {seen}",
    )
    yield service_alert(
        cluster,
        name,
        name=RAG_PATH_SLOW,
        condition=f"{_slower(cluster, name, path)} unless on () {_paged((name, *needed))}",
        hold=short_window(cluster),
        severity="ticket",
        what="is slow: its stage {{ $labels.stage }} takes {{ $value | humanizeDuration }} longer than it used to.",
        meaning="Over the last minutes it took more than twice the time of the six hours before. Users wait that much"
        f" longer for each answer. {seen}",
    )


def _slower(cluster: Cluster, name: str, path: Rag) -> str:
    """By how many seconds, of the stage that has lost most. One that waited in a vLLM's queue is not the cause."""
    window = long_window(cluster)
    now = mean(STAGE_DURATION, window, "stage", service=name)
    usual = mean(STAGE_DURATION, _USUAL, "stage", ago=window, service=name)
    many = f"sum by (stage) ({increase(STAGE_RUNS, _USUAL, service=name, outcome='good')}) > {_FEW}"
    queued = "".join(
        f" unless on (stage) {_queued(stage.name, stage.service, window)}"
        for stage in stages(cluster, path)
        if stage.service is not None and isinstance(stage.asks, Vllm)
    )
    return f"topk(1, {now} - ({usual}) > {_SECONDS} and {now} > {_TIMES} * ({usual}) and {many}{queued})"


def _queued(stage: str, vllm: str, window: float) -> str:
    return f'label_replace({demand_share(vllm, window)} > {_QUEUED}, "stage", "{stage}", "", "")'


def _paged(services: tuple[str, ...]) -> str:
    return series("ALERTS", alertstate="firing", severity="page", service=services)

"""Recall: does ChromaDB still find what is nearest? Silent about a server that is down or a node that is: that is told.

Tickets, all of them: answers get worse, but nothing is down, and nobody mends an index at night better than by day.
One fault is one alert: what is not there is told as that and not as a low recall too, and a low recall not as a drop.
"""

from collections.abc import Iterator

from alerts.rule import Alert, Group
from alerts.service_alert import service_alert
from ragpulse.catalogue.chroma_recall import DISTANCE_DRIFT, NOT_THERE, RECALL, STATE
from ragpulse.golden import NEAREST
from ragpulse.inventory import Cluster
from ragpulse.promql import highest, instant
from ragpulse.services import Chroma, ChromaCanary
from ragpulse.units import human_duration

RECALL_LOW, RECALL_DROPPED = "RecallLow", "RecallDropped"
CANARY_MISSING, DISTANCE_DRIFTED = "CanaryMissing", "RecallDistanceDrift"

LOW = 0.9
DROP, _WEEK = 0.02, 7 * 86_400.0  # a hundredth comes and goes where an index is written to
DRIFT = 0.01  # a thousand times what 32-bit floats lose
_LEAF_INTERVALS = 3
_TWICE = 1.5  # intervals of the canary: two runs in a row have found it


def rules(cluster: Cluster) -> list[Group]:
    alerts = tuple(
        alert
        for name, chroma in cluster.of_kind(Chroma).items()
        if chroma.canary is not None
        for alert in _alerts(cluster, name, chroma.canary)
    )
    return [Group("recall", alerts)] if alerts else []


def _alerts(cluster: Cluster, service: str, canary: ChromaCanary) -> Iterator[Alert]:
    recall = instant(RECALL, service=service, k=str(NEAREST))
    missing = f"{instant(STATE, service=service, state=NOT_THERE)} == 1"
    low = f"{recall} < {LOW:g}"
    best = highest(RECALL, _WEEK, service=service, k=str(NEAREST))
    mend = "`ragpulse canary init` writes it" if canary.golden_file is None else "or the golden file is of another one"

    def alert(name: str, condition: str, what: str, meaning: str) -> Alert:
        return service_alert(
            cluster,
            service,
            name=name,
            condition=condition,
            hold=max(_LEAF_INTERVALS * cluster.monitoring.scrape_interval, _TWICE * canary.every),
            severity="ticket",
            what=what,
            meaning=meaning,
        )

    yield alert(
        CANARY_MISSING,
        missing,
        f"cannot be asked its golden queries: the collection {canary.collection} is {{{{ $labels.state }}}}.",
        f"Whether it finds what is nearest is not known. The collection is not what the queries are for; {mend}.",
    )
    yield alert(
        RECALL_LOW,
        f"{low} unless on (service) {missing}",
        "finds only {{ $value | humanizePercentage }} of the ten nearest records.",
        "Queries succeed and leave out what they should find: records are lost, or the index is damaged. Answers built"
        " on them are worse, and nothing else shows it.",
    )
    yield alert(
        RECALL_DROPPED,
        f"{recall} < {best} - {DROP:g} unless on (service) ({low}) unless on (service) {missing}",
        "finds {{ $value | humanizePercentage }} of the ten nearest records, less than it did.",
        f"The best of {human_duration(_WEEK)} was better by more than {DROP:.0%}: records of the golden set are gone,"
        " or the index was built anew, upgraded or set to search less.",
    )
    yield alert(
        DISTANCE_DRIFTED,
        f"{instant(DISTANCE_DRIFT, service=service)} > {DRIFT:g}",
        "tells distances that are wrong by up to {{ $value | humanizePercentage }}.",
        "A record that should be known has another vector than it had, or distances are computed in another way.",
    )

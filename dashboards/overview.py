"""The board that answers first: are we inside the targets, and which component is to blame?"""

from collections.abc import Iterator

from dashboards import queries, targets, tiles
from dashboards.links import Down, label
from dashboards.panel import Board, Folded, Panel, Row
from dashboards.panels import component_states
from ragpulse.inventory import Cluster
from ragpulse.services import Ray, Vllm

_VERDICT_HEIGHT, _STATES_HEIGHT, _TREND_HEIGHT = 4, 5, 8


def _rows(cluster: Cluster) -> Iterator[Row | Folded]:
    slos = targets.slos(cluster)
    judged = [targets.verdict(cluster, slo, Down("overview", targets.attained_title(slo))) for slo in slos]
    yield Row([*judged, tiles.pages()], _VERDICT_HEIGHT)
    yield Row(list(_states(cluster)), _STATES_HEIGHT, "Components")
    for index in range(0, len(slos), 2):
        title = "" if index else "Targets"
        yield Row([targets.attained(cluster, slo) for slo in slos[index : index + 2]], _TREND_HEIGHT, title)


def _states(cluster: Cluster) -> Iterator[Panel]:
    of_inference = tuple(name for name, service in cluster.services.items() if isinstance(service, Vllm | Ray))
    others = tuple(name for name in cluster.services if name not in of_inference)
    yield component_states(
        "Nodes",
        "Every machine as the rules see it; unknown is what nobody measures. Degraded: something of it cannot be read,"
        " or an alert about it pages.",
        queries.component_states(kind="node"),
        Down("node", choose={"node": label("component")}),
    )
    if of_inference:
        yield component_states(
            "Inference",
            "vLLM and what it runs on, as the rules see them. Degraded: it answers but cannot do its work.",
            queries.component_states(kind="service", component=of_inference),
            Down("inference"),
        )
    if others:
        yield component_states(
            "Retrieval and others",
            "Stores, paths and gateways as the rules see them. Degraded: it answers but cannot do its work.",
            queries.component_states(kind="service", component=others),
            Down("retrieval"),
        )
    if cluster.backups:
        yield component_states(
            "Backups",
            "Every backup as the rules see it; unknown until somebody records one. Down: there is none to rely on; make"
            " one.",
            queries.component_states(kind="backup"),
            Down("retrieval"),
        )


BOARD = Board(
    name="overview",
    title="Overview",
    question="Are we inside our targets, and what is breaking them?",
    rows=_rows,
)

"""The board that answers first: are we inside the targets, and which component is to blame?"""

from collections.abc import Iterator

from dashboards import overview_parts as parts
from dashboards import overview_queries, queries, targets, tiles
from dashboards.links import Down, label
from dashboards.panel import Board, Folded, Panel, Row
from dashboards.panels import component_states, count_of_bad
from ragpulse.inventory import Cluster
from ragpulse.objectives import Slo
from ragpulse.services import Ray, Vllm

_VERDICT_HEIGHT, _STATES_HEIGHT, _TREND_HEIGHT = 4, 5, 8


def _rows(cluster: Cluster) -> Iterator[Row | Folded]:
    slos = targets.slos(cluster)
    yield Row([*(_verdict(cluster, slo) for slo in slos), *_others(cluster)], _VERDICT_HEIGHT)
    yield Row(list(_states(cluster)), _STATES_HEIGHT, "Components")
    # A table as wide as this one is not to be read beside another.
    yield from [Row([parts.objectives(cluster)], _TREND_HEIGHT, "Targets now")] if slos else []
    yield Row([parts.firing(cluster), parts.headroom(cluster)], _TREND_HEIGHT, "What to look at, and what is left")
    yield Row([parts.timeline()], _TREND_HEIGHT, "What happened")
    yield Row([parts.starts(), parts.versions()], _TREND_HEIGHT)
    for index in range(0, len(slos), 2):
        title = "" if index else "Targets over time"
        attained = (targets.attained(cluster, slo, _to(slo)) for slo in slos[index : index + 2])
        yield Row(list(attained), _TREND_HEIGHT, title)


def _verdict(cluster: Cluster, slo: Slo) -> Panel:
    return targets.verdict(cluster, slo, Down("overview", targets.attained_title(slo)), _to(slo))


def _to(slo: Slo) -> Down:
    return Down("objectives", choose={"slo": slo})


def _others(cluster: Cluster) -> Iterator[Panel]:
    yield tiles.pages()
    if cluster.backups:
        yield count_of_bad(
            "Backups not up",
            "Backups that cannot be relied on, or of which something is wrong; grey while none is and one is unknown."
            " Look below which it is; then at its alert.",
            queries.not_up(kind="backup"),
            Down("overview", "Backups"),
            Down("retrieval"),
        )
    yield count_of_bad(
        "Monitoring not up",
        "Agents that are not scraped, and monitors that do not answer. While it is not 0, or grey, other tiles may"
        " know too little: look there first.",
        overview_queries.monitoring_troubles(),
        Down("monitoring", "Targets"),
        Down("monitoring"),
    )


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

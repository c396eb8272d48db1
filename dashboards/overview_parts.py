"""What the Overview shows below its verdicts: every objective, what fires, what happened, what is left."""

from collections.abc import Iterator

from dashboards import alert_queries, targets
from dashboards import overview_queries as queries
from dashboards.links import Away, Down, cell
from dashboards.panel import Panel
from dashboards.panels import BAD, COMPONENT, GOOD, Column, Key, Line, bars, table
from dashboards.panels import timeline as over_time
from ragpulse import endpoints
from ragpulse.inventory import Cluster
from ragpulse.services import Vllm

_RATIO, _SECONDS, _COUNT, _TOKENS = "percentunit", "s", "none", "tok/s"


def objectives(cluster: Cluster) -> Panel:
    row = Down("objectives", choose={"slo": cell("Target")})
    return table(
        "Objectives",
        "Each promise for each service: what it has to reach, what it reaches over the last minutes, what is left of"
        " its budget and how fast that goes. Red is missed or overspent: a click on the row leads to all of it.",
        [Key("slo", "Target", row), Key("service", "Service", row), Key("check", "Check")],
        [
            Column(queries.met(cluster), "Now", words={0: ("Missed", BAD), 1: ("Met", GOOD)}),
            Column(queries.value(cluster, "ratio"), "Reached", _RATIO, decimals=2),
            Column(queries.objective(cluster, "ratio"), "Objective", _RATIO),
            Column(
                queries.budget_left(), "Budget left", _RATIO, targets.BUDGET_LIMITS,
                lowest=targets.OVERSPENT,
            ),
            Column(queries.burn(cluster), "Burn rate", _COUNT, targets.BURN_LIMITS, decimals=1),
            *(_in_tokens(cluster) if cluster.targets.throughput and cluster.of_kind(Vllm) else ()),
        ],
        by="Now",
        without_data="Not judgeable",
    )  # fmt: skip


def _in_tokens(cluster: Cluster) -> Iterator[Column]:
    yield Column(queries.value(cluster, "tokens/s"), "Generated", _TOKENS, decimals=0)
    yield Column(queries.objective(cluster, "tokens/s"), "At least", _TOKENS, decimals=0)


def firing(cluster: Cluster) -> Panel:
    runbook = Away("Runbook", f"{endpoints.overview(cluster)}/runbooks/{cell('Alert')}")
    return table(
        "Alerts firing",
        "What fires now, the oldest first: often the cause of the others. A click on the alert opens its runbook; the"
        " watchdog fires always, and shows that alerting works.",
        [
            Key("alertname", "Alert", runbook),
            Key("severity", "Severity"),
            Key("component", "About", Down("objectives")),
        ],
        [Column(alert_queries.firing_for(), "For", _SECONDS)],
        by="For",
        descending=True,
        without_data="No rule is evaluated",
    )


def timeline() -> Panel:
    return over_time(
        "Components over time",
        "Each service and backup, and the worst of all nodes. What turned first is often what took the others along;"
        " unknown means that nobody measured.",
        [
            Line(queries.states_of_services(), "{{component}}"),
            Line(queries.worst_state_of_nodes(), "the worst of the nodes"),
        ],
        COMPONENT,
        Down("objectives"),
    )


def headroom(cluster: Cluster) -> Panel:
    lines = [
        Line(queries.fullest_memory(), "memory of {{node}}"),
        Line(queries.fullest_filesystem(), "{{mountpoint}} of {{node}}"),
    ]
    if cluster.reads_gpus():
        lines.append(Line(queries.fullest_gpu(), "memory of GPU {{gpu}} of {{node}}"))
    if cluster.of_kind(Vllm):
        lines.append(Line(queries.kv_cache_peak(), "KV cache of {{service}}, peak"))
    return bars(
        "Fullest of each kind",
        "The node, disk and GPU with the least room, and how full the KV cache was at its fullest. It does not judge:"
        " what runs out has an alert; a full KV cache makes requests wait.",
        lines,
        _RATIO,
        None,
        Down("machines"),
        top=1,
    )


def starts() -> Panel:
    return table(
        "Started last",
        "Machines and servers that started most recently. One that stands here and should not has restarted by itself:"
        " look at what its log said before.",
        [Key("what", "What")],
        [Column(queries.latest_starts(), "Ago", _SECONDS)],
        by="Ago",
    )


def versions() -> Panel:
    return table(
        "Versions",
        "What runs in which version; of agents, how many. Two versions of the agent: an upgrade is not through yet.",
        [Key("what", "What"), Key("version", "Version")],
        [Column(queries.versions(), "How many", _COUNT)],
    )

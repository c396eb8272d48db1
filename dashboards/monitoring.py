"""Monitoring: can the other boards be believed? Where every tile that says unknown leads to."""

from collections.abc import Iterator

from dashboards import monitoring_cost as cost
from dashboards import monitoring_parts as parts
from dashboards import monitoring_queries as queries
from dashboards.links import Down
from dashboards.panel import Board, Folded, Panel, Row
from dashboards.panels import count_of_bad
from ragpulse.inventory import Cluster

_VERDICT_HEIGHT, _HEIGHT = 4, 8


def _rows(cluster: Cluster) -> Iterator[Row | Folded]:
    yield Row([*_scraped(), *_heard(), *_right()], _VERDICT_HEIGHT)
    yield Row([parts.targets(cluster), parts.slowest_scrapes(cluster), parts.clocks()], _HEIGHT, "Who is scraped")
    yield Row([parts.waits(), parts.runs(), parts.slowest_sources()], _HEIGHT, "What agents read")
    yield Row([parts.rule_groups(), parts.notifications(), parts.alerts()], _HEIGHT, "Rules and notifications")
    yield Folded(
        "What it costs",
        [
            Row([cost.head_series(), cost.samples(), cost.series_scraped()], _HEIGHT),
            Row([cost.blocks(), cost.kept(cluster)], _HEIGHT),
            Row([cost.process_memory(), cost.process_cpu()], _HEIGHT),
        ],
    )


def _scraped() -> Iterator[Panel]:
    yield count_of_bad(
        "Agents not scraped",
        "Nodes of the cluster file whose agent gives Prometheus nothing. Is the machine up, does the agent run there,"
        " is its port open?",
        queries.agents_missing(),
        Down("monitoring", "Targets"),
        Down("node"),
    )
    yield count_of_bad(
        "Monitoring down",
        "Prometheus and Alertmanager processes that do not answer. With all of them gone this board is grey: look at"
        " the Overview page, which says so.",
        queries.monitors_down(),
        Down("monitoring", "Targets"),
    )
    yield count_of_bad(
        "Sources failing",
        "Sources that fail or that nobody runs any more. What they read is unknown on every board.",
        queries.sources_failing(),
        Down("monitoring", "Sources that wait longest"),
        Down("node"),
    )


def _heard() -> Iterator[Panel]:
    yield count_of_bad(
        "Rules failing",
        "Groups in which a rule could not be evaluated in the last minutes. Their alerts and records stand still: the"
        " log of Prometheus says which rule and why.",
        queries.rules_failing(),
        Down("monitoring", "Rule groups"),
    )
    yield count_of_bad(
        "Notifications lost",
        "Monitors that could not hand an alert over, or not deliver it, in the last minutes. Is the receiver up, and is"
        " its address right?",
        queries.notifications_lost(),
        Down("monitoring", "Notifications"),
    )


def _right() -> Iterator[Panel]:
    yield count_of_bad(
        "Reloads refused",
        "Agents and monitors that refused a new configuration and go on with the old one. Mend the file and load it"
        " anew; the alert says where.",
        queries.configurations_refused(),
        Down("overview", "Alerts firing"),
    )
    yield count_of_bad(
        "Clocks not synchronised",
        "Nodes whose kernel does not call its clock synchronised. Times of different nodes cannot be compared: start"
        " the time service there.",
        queries.clocks_astray(),
        Down("monitoring", "Clocks"),
    )


BOARD = Board(
    name="monitoring",
    title="Monitoring",
    question="Can the other boards be believed?",
    rows=_rows,
)

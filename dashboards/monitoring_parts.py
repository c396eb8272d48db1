"""What the Monitoring board shows below its verdicts: targets, clocks, sources, rules and notifications."""

from alerts.monitoring import STALE_INTERVALS
from alerts.prometheus import scrape_timeout
from dashboards import monitoring_queries as queries
from dashboards.links import Down, cell, label
from dashboards.panel import Panel
from dashboards.panels import BAD, GOOD, Column, Key, Limits, Line, bars, table, trend
from ragpulse.inventory import Cluster

_SECONDS, _COUNT, _RATIO, _PER_SECOND, _INTERVALS = "s", "short", "percentunit", "cps", "none"
_OF_RESULTS = {"ok": "blue", "error": "purple", "deadline": "light-purple"}
_THIS_NODE = Down("node", choose={"node": label("node")})


def targets(cluster: Cluster) -> Panel:
    timeout = scrape_timeout(cluster)
    return table(
        "Targets",
        "Everything that Prometheus scrapes, how long that takes and how much it brings. A scrape that comes near its"
        " limit will soon be lost: look at what that node is busy with.",
        [Key("job", "Job"), Key("node", "Node", Down("node", choose={"node": cell("Node")}))],
        [
            Column(queries.target_up(), "Up", words={0: ("Down", BAD), 1: ("Up", GOOD)}),
            Column(queries.scrape_seconds(), "Took", _SECONDS, Limits(timeout / 2, timeout)),
            Column(queries.scraped_samples(), "Samples", _COUNT),
        ],
        by="Up",
    )


def slowest_scrapes(cluster: Cluster) -> Panel:
    timeout = scrape_timeout(cluster)
    return trend(
        "Slowest scrapes",
        "How long it took to get a page, for those that take longest; at the upper line a scrape is given up. One node"
        " alone: look at that node; all of them: at the machine of Prometheus.",
        [Line(queries.slowest_scrapes(), "{{node}} {{job}}")],
        _SECONDS,
        _THIS_NODE,
        limits=Limits(timeout / 2, timeout),
    )


def clocks() -> Panel:
    return table(
        "Clocks",
        "Whether the kernel of each node calls its clock synchronised, and how far it is off as it knows. Times of"
        " nodes that are not cannot be compared: start the time service there.",
        [Key("node", "Node", Down("node", choose={"node": cell("Node")}))],
        [
            Column(queries.clock_synchronised(), "Synchronised", words={0: ("No", BAD), 1: ("Yes", GOOD)}),
            Column(queries.clock_offset(), "Off by", _SECONDS),
        ],
        by="Synchronised",
    )


def waits() -> Panel:
    return table(
        "Sources that wait longest",
        "How many of its own intervals ago a source was last read, for those that wait longest. From the limit on its"
        " alert fires: the agent's page says what went wrong.",
        [Key("node", "Node", Down("node", choose={"node": cell("Node")})), Key("source", "Source")],
        [Column(queries.longest_waits(), "Intervals ago", _INTERVALS, Limits(STALE_INTERVALS, STALE_INTERVALS))],
        by="Intervals ago",
        descending=True,
    )


def runs() -> Panel:
    return trend(
        "Runs of sources",
        "How many sources are read each second, by how that ended. Errors say that something cannot be read, deadlines"
        " that it hangs; the table beside says which.",
        [Line(queries.runs_by_result(), "{{result}}", colours=_OF_RESULTS)],
        _PER_SECOND,
    )


def slowest_sources() -> Panel:
    return bars(
        "Slowest sources",
        "How long the last run of a source took, for the slowest. One that nears its interval keeps its agent busy for"
        " nothing: ask it more seldom.",
        [Line(queries.slowest_sources(), "{{node}} {{source}}")],
        _SECONDS,
        None,
        _THIS_NODE,
    )


def rule_groups() -> Panel:
    return trend(
        "Rule groups",
        "What share of its interval a group of rules takes, for those that take most. Near 1 the group comes late, and"
        " with it every alert of it: give Prometheus a faster disk or fewer rules.",
        [Line(queries.rule_group_shares(), "{{node}} {{rule_group}}")],
        _RATIO,
    )


def notifications() -> Panel:
    return trend(
        "Notifications",
        "Notifications that Alertmanager sent, and those that nobody took. Failures: is the receiver up, is its address"
        " right, and is its secret still good?",
        [
            Line(queries.notifications(), "{{node}} sent"),
            Line(queries.notifications_failed(), "{{node}} failed"),
        ],
        _PER_SECOND,
    )


def alerts() -> Panel:
    return trend(
        "Alerts at Alertmanager",
        "Alerts that Alertmanager holds, by what it does with them. Many suppressed: one cause holds back the rest, or"
        " a silence was forgotten.",
        [Line(queries.alerts_by_state(), "{{state}}")],
        _COUNT,
    )

"""What the Monitoring board shows below its verdicts: targets, sources, rules, notifications, and what it all costs."""

from alerts.monitoring import STALE_INTERVALS
from alerts.prometheus import scrape_timeout
from dashboards import monitoring_queries as queries
from dashboards.links import Down, cell, label
from dashboards.panel import Panel
from dashboards.panels import BAD, GOOD, Column, Key, Limits, Line, bars, table, trend
from ragpulse.inventory import Cluster

_SECONDS, _COUNT, _RATIO, _BYTES, _PER_SECOND, _INTERVALS = "s", "short", "percentunit", "bytes", "cps", "none"
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
        [Line(queries.runs_by_result(), "{{result}}")],
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


def head_series() -> Panel:
    return trend(
        "Series in memory",
        "Series that Prometheus keeps in its head block. A step that stays is something new to watch; a slope without"
        " end is a label whose values never end: find it.",
        [Line(queries.head_series(), "{{node}}")],
        _COUNT,
    )


def samples() -> Panel:
    return trend(
        "Samples stored",
        "Samples that Prometheus stores each second, scraped and recorded. It follows the number of series and the"
        " scrape interval: a fall is something that is no longer watched.",
        [Line(queries.samples_appended(), "{{node}}")],
        _PER_SECOND,
    )


def series_scraped() -> Panel:
    return trend(
        "Series scraped",
        "Series on all pages together, by job. Compare with the series in memory: much more there are series that come"
        " and go.",
        [Line(queries.series_scraped(), "{{job}}")],
        _COUNT,
        stacked=True,
    )


def blocks() -> Panel:
    return trend(
        "Disk of Prometheus",
        "What the stored blocks take; what is newer stands in memory and in a log beside them. It grows until as much"
        " is kept as was asked for, and should then stay.",
        [Line(queries.block_bytes(), "{{node}}")],
        _BYTES,
    )


def kept(cluster: Cluster) -> Panel:
    return trend(
        "How far back it goes",
        "Age of the oldest sample, and how long samples should be kept. Below the line the database is young: a budget"
        " over its whole window is not known yet.",
        [
            Line(queries.kept_seconds(), "{{node}}"),
            Line(f"vector({cluster.monitoring.retention:.10g})", "to be kept", target=True),
        ],
        _SECONDS,
    )


def process_memory() -> Panel:
    return trend(
        "Memory of the monitors",
        "Memory that Prometheus and Alertmanager take of their node. It follows the number of series: on unified memory"
        " the model has so much less.",
        [Line(queries.process_memory(), "{{node}} {{job}}")],
        _BYTES,
    )


def process_cpu() -> Panel:
    return trend(
        "Processor time of the monitors",
        "Seconds of processor time for each second; 1 is one core. Peaks are questions over long times: a board or a"
        " report that somebody has open.",
        [Line(queries.process_cpu(), "{{node}} {{job}}")],
        _COUNT,
    )

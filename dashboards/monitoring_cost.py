"""What the monitoring costs: series, samples, disk, memory and processor time."""

from dashboards import monitoring_queries as queries
from dashboards.panel import Panel
from dashboards.panels import Line, trend
from ragpulse.inventory import Cluster

_SECONDS, _COUNT, _BYTES, _PER_SECOND = "s", "short", "bytes", "cps"


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

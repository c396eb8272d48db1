"""Memory services on the board of retrieval: is what was written readable, how soon, and what do they say?"""

from collections.abc import Iterator

from dashboards import retrieval_queries as asked
from dashboards.panel import Folded, Panel, Row
from dashboards.panels import Limits, Line, trend
from ragpulse.catalogue import memory
from ragpulse.inventory import Cluster
from ragpulse.services import Memory

_HEIGHT = 8
_SECONDS, _COUNT = "s", "short"


def rows(cluster: Cluster) -> Iterator[Row | Folded]:
    services = cluster.of_kind(Memory).values()
    shown = [
        *([_readable_after(), _leftovers()] if any(each.roundtrip.enabled for each in services) else []),
        *([_readings()] if any(each.gauges for each in services) else []),
    ]
    if shown:
        yield Row(shown, _HEIGHT, "Memory services")


def _readable_after() -> Panel:
    return trend(
        "Written to readable",
        "Time from a memory being accepted to the request that first found it. Growing: its index or queue is behind;"
        " look at what else it does.",
        [
            Line(asked.readable_after(share), f"{{{{service}}}} p{share * 100:g}", quantile=share)
            for share in (0.5, 0.95)
        ],
        _SECONDS,
    )


def _leftovers() -> Panel:
    return trend(
        "Leftovers",
        "Memories of our own round trips that could not be deleted yet. They are swept at later trips; more and more:"
        " deleting fails, look at the probe that says why.",
        [Line(asked.of_service(memory.LEFTOVERS), "{{service}}")],
        _COUNT,
        limits=Limits(warning=1, bad=1),
    )


def _readings() -> Panel:
    return trend(
        "What they say themselves",
        "Numbers from the services' own status pages, named in the cluster file. Compare their growth with what should"
        " be written.",
        [Line(asked.of_service(memory.GAUGE), "{{service}} {{name}}")],
        _COUNT,
    )

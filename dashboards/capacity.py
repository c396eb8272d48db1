"""Capacity on the board of machines: what runs out first, and when are machines busiest?"""

from collections.abc import Iterator

from alerts.chroma_data import AHEAD
from dashboards import capacity_queries as asked
from dashboards.panel import Folded, Panel, Row
from dashboards.panels import Limits, Line, bars, trend
from ragpulse.inventory import Cluster
from ragpulse.services import Chroma, Vllm

_HEIGHT = 8
_DAYS, _RATIO, _TOKENS, _KWH = "d", "percentunit", "short", "kwatth"
_DAY = 86_400.0
_SOON = Limits(warning=AHEAD / _DAY, bad=3)


def rows(cluster: Cluster) -> Iterator[Row | Folded]:
    yield Row([_days_left(cluster), _fullest()], _HEIGHT, "Capacity: what runs out first")
    lost = [_without_one()] if len(cluster.nodes) > 1 else []
    per_day = [*([_energy()] if cluster.reads_gpus() else []), *([_tokens()] if cluster.of_kind(Vllm) else []), *lost]
    if per_day:
        yield Folded("Capacity: what it costs, and what if", [Row(per_day, _HEIGHT)])


def _days_left(cluster: Cluster) -> Panel:
    stores = [Line(asked.store_days(), "{{service}}: its data")] if cluster.of_kind(Chroma) else []
    repositories = [Line(asked.repository_days(), "{{backup}}: its repository")] if cluster.backups else []
    return bars(
        "Days left",
        "Until each disk is full, if it goes on as in the last three days; the shortest ten, and none for what does not"
        " fill up. Make room, or plan for more, while there are weeks.",
        [Line(asked.disk_days(), "{{node}} {{mountpoint}}"), *stores, *repositories],
        _DAYS,
        _SOON,
        without_data="Nothing fills up",
    )


def _fullest() -> Panel:
    return bars(
        "Fullest file systems",
        "Share in use of the fullest ten. Nearly full and not growing is no hurry; nearly full and growing is: compare"
        " with the days left.",
        [Line(asked.fullest_disks(), "{{node}} {{mountpoint}}")],
        _RATIO,
        Limits(warning=0.85, bad=0.95),
        top=1,
    )


def _energy() -> Panel:
    return trend(
        "Energy of GPUs per day",
        "Kilowatt hours per day at each moment's pace, by node. Compare with the tokens beside it: what a token costs"
        " falls with the batch.",
        [Line(asked.energy_per_day(), "{{node}}")],
        _KWH,
    )


def _tokens() -> Panel:
    return trend(
        "Tokens per day",
        "Generated per day at each moment's pace. Its growth over weeks says when the next machine is needed.",
        [Line(asked.tokens_per_day(), "{{service}}")],
        _TOKENS,
    )


def _without_one() -> Panel:
    return trend(
        "Processors, if the busiest node were lost",
        "What all other nodes would have to do of what they can. Above the whole they could not: then the loss of one"
        " node is an outage of all.",
        [Line(asked.busy_without_one(), "needed", colour="blue")],
        _RATIO,
        limits=Limits(warning=0.8, bad=1),
    )

"""The whole RAG path on the board of retrieval: which stage is slow, and which breaks it?"""

from collections.abc import Iterator

from dashboards import retrieval_queries as asked
from dashboards.panel import Folded, Panel, Row
from dashboards.panels import BAD, GOOD, Line, timeline, trend
from ragpulse.catalogue import rag
from ragpulse.inventory import Cluster
from ragpulse.rag_stages import stages
from ragpulse.services import Rag

_HEIGHT = 8
_SECONDS, _PER_SECOND = "s", "reqps"


def rows(cluster: Cluster) -> Iterator[Row | Folded]:
    asked_for = {stage.operation for path in cluster.of_kind(Rag).values() for stage in stages(cluster, path)}
    felt = [_first_token()] if "chat" in asked_for else []
    yield Row([_stage_time(), _breaking(), _stage_failures(), *felt], _HEIGHT, "RAG path: from question to answer")


def _stage_time() -> Panel:
    return trend(
        "Stages: p95",
        "What 95 of 100 good runs of each stage stayed below. The one that grew makes the path slow: look at the"
        " service behind it.",
        [Line(asked.stage_time(0.95), "{{service}} {{stage}}")],
        _SECONDS,
        stacked=True,
    )


def _breaking() -> Panel:
    return timeline(
        "Where it breaks",
        "Each stage at the last run of its path: broken is the one at which the path ended. What stands behind it was"
        " never asked; mend that one.",
        Line(asked.of_service(rag.FAILING_STAGE), "{{service}} {{stage}}"),
        {0: ("Not broken", GOOD), 1: ("Broken", BAD)},
    )


def _stage_failures() -> Panel:
    return trend(
        "Stages that fail",
        "Failed runs per second, by stage and reason. Empty: nothing was retrieved, or no token came;"
        " dimension_mismatch: the vectors are of another model; look at what changed.",
        [Line(asked.stage_failures(), "{{service}} {{stage}} {{reason}}")],
        _PER_SECOND,
    )


def _first_token() -> Panel:
    return trend(
        "Path: time to first token",
        "From the question to the first token of the answer, all stages before it included. This is what a user waits"
        " for; the stages above say where.",
        [Line(asked.first_token(share), f"{{{{service}}}} p{share * 100:g}", quantile=share) for share in (0.5, 0.95)],
        _SECONDS,
    )

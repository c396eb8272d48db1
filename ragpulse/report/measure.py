"""What Prometheus has of a window, as a report that can be kept.

Every question is asked at once, for the counters as they stood at each step. Errors: Unavailable when one goes
unanswered: half a baseline would be taken for a whole one; NothingError for a window without anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite

from pydantic import ValidationError

from ragpulse import __version__
from ragpulse.errors import RagpulseError
from ragpulse.overview.http_json import Unavailable, together
from ragpulse.overview.prometheus_api import Point, PrometheusApi, Series
from ragpulse.report.growth import growth, held
from ragpulse.report.quantiles import Bucket, quantiles
from ragpulse.report.questions import Question, questions
from ragpulse.report.saved import Measured, Quantile, Report, Steps
from ragpulse.report.window import Window
from ragpulse.units import human_duration

_Name = tuple[str, str]  # subject, check


class NothingError(RagpulseError):
    """Prometheus answers, and has nothing."""


@dataclass(frozen=True, slots=True)
class _Answer:
    amount: list[Series]
    of: list[Series]
    buckets: list[Series]


async def now(prometheus: PrometheusApi) -> float:
    """By its own clock: a clock of ours that is wrong must not move the window."""
    found = await prometheus.instant("vector(time())")
    if not found:
        raise Unavailable("it does not tell the time")
    return found[0].points[-1][1]


async def measure(cluster: str, prometheus: PrometheusApi, window: Window) -> Report:
    asked = list(questions())
    answers = await together(_ask(prometheus, question, window) for question in asked)
    try:
        measured = [
            one for question, answer in zip(asked, answers, strict=True) for one in _measured(question, answer, window)
        ]
        report = Report(
            ragpulse=__version__, cluster=cluster, start=window.start, end=window.end, step=window.step,
            steps=window.steps, measured=tuple(sorted(measured, key=lambda one: one.key)),
        )  # fmt: skip
    except ValidationError as error:
        raise Unavailable("what it has is not what agents of ragpulse count") from error
    if not any(one.of for one in report.measured):
        raise NothingError(
            f"nothing was measured in {human_duration(window.seconds)}: see that the agents run and that this "
            "Prometheus scrapes them (ragpulse status)"
        )
    return report


async def _ask(prometheus: PrometheusApi, question: Question, window: Window) -> _Answer:
    over = window.start, window.end, window.step
    buckets = question.buckets(window.seconds)
    return _Answer(
        amount=await prometheus.over(question.amount, *over),
        of=await prometheus.over(question.of, *over) if question.of else [],
        buckets=await prometheus.over(buckets, window.end, window.end, window.step) if buckets else [],
    )


def _measured(question: Question, answer: _Answer, window: Window) -> list[Measured]:
    amounts, ofs = (_by_node(found, question) for found in (answer.amount, answer.of))
    found: dict[_Name, dict[str, Steps]] = {}
    for (name, node), points in amounts.items():
        if question.of is None:
            amount, of = held(points, window)
        elif (name, node) in ofs:
            amount, of = growth(points, window), growth(ofs[name, node], window)
        else:
            continue
        found.setdefault(name, {})[node] = Steps(amount=tuple(amount), of=tuple(of))
    buckets = _buckets(answer.buckets, question)
    return [_whole(question, name, nodes, buckets.get(name, [])) for name, nodes in found.items() if all(name)]


def _by_node(answer: Iterable[Series], question: Question) -> dict[tuple[_Name, str], tuple[Point, ...]]:
    return {(_name(found, question), found.labels.get("node", "")): found.points for found in answer if found.points}


def _buckets(answer: Iterable[Series], question: Question) -> dict[_Name, list[Bucket]]:
    buckets: dict[_Name, list[Bucket]] = {}
    for found in answer:
        if (edge := _edge(found)) is not None and found.points:
            buckets.setdefault(_name(found, question), []).append((edge, found.points[-1][1]))
    return buckets


def _edge(found: Series) -> float | None:
    try:
        edge = float(found.labels.get("le", ""))
    except ValueError:
        return None
    return None if edge != edge or edge < 0 else edge  # noqa: PLR0124 - NaN


def _name(found: Series, question: Question) -> _Name:
    check = found.labels.get(question.check, question.check)
    named = {"gpu": f"gpu {check}", "k": f"recall@{check}"}.get(question.check, check)
    return found.labels.get(question.subject, ""), named


def _whole(question: Question, name: _Name, nodes: dict[str, Steps], buckets: list[Bucket]) -> Measured:
    amount, of = (
        sum(map(sum, sides)) for sides in zip(*((each.amount, each.of) for each in nodes.values()), strict=True)
    )
    return Measured(
        kind=question.kind, subject=name[0], check=name[1],
        value=amount / of if of and isfinite(amount / of) else None, amount=amount, of=of,
        quantiles={
            share: Quantile(value=found.value, at_least=found.at_least, at_most=found.at_most)
            for share, found in quantiles(buckets).items()
        },
        buckets=tuple((None if edge == inf else edge, round(count, 3)) for edge, count in sorted(buckets)),
        nodes=nodes,
    )  # fmt: skip

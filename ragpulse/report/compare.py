"""A baseline and what is measured now, thing by thing. What differs in the cluster itself is said and is no fault."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Literal

from ragpulse.inventory import Cluster
from ragpulse.report import gate
from ragpulse.report.kinds import KINDS, Kind, KindName
from ragpulse.report.samples import Nodes, sample, told, usual
from ragpulse.report.saved import Key, Measured, Report

_AS_OFTEN = 1.25  # probes of one step are looked at as one, and the mean of two differs less than one does
_NOISE = 2.0  # standard errors: the true change lies within them in 19 of 20 cases

Verdict = Literal["worse", "better", "same", "too few to tell", "not judged", "not comparable"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """before, now: in the unit of the kind. change, noise (to either side): relative where the kind is, else
    differences. why: what keeps it from being compared, or what to know of it.
    """

    subject: str
    check: str
    kind: KindName
    before: float | None
    now: float | None
    change: float | None
    noise: float | None
    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True)
class _Pair:
    """The same thing in both reports, by the nodes that measured in both."""

    key: Key
    before: Nodes
    now: Nodes
    note: str

    @property
    def kind(self) -> Kind:
        return KINDS[self.key[-1]]


def compare(cluster: Cluster, before: Report, now: Report) -> tuple[Comparison, ...]:
    """In the order of their names."""
    earlier, later = ({one.key: one for one in report.measured} for report in (before, now))
    rows: list[Comparison] = []
    pairs: list[_Pair] = []
    for key in sorted(earlier.keys() | later.keys()):
        pair = _paired(cluster, key, earlier.get(key), later.get(key))
        if isinstance(pair, Comparison):
            rows.append(pair)
        else:
            pairs.append(pair)
    rows.extend(_judged(pairs, before.step))
    return tuple(sorted(rows, key=lambda row: (row.subject, row.check, row.kind)))


def notes(cluster: Cluster, before: Report) -> Iterator[str]:
    """What to know of the two reports as a whole."""
    if before.cluster != cluster.name:
        yield f"the saved report is of the cluster {before.cluster}, this is {cluster.name}"


def _paired(cluster: Cluster, key: Key, before: Measured | None, now: Measured | None) -> _Pair | Comparison:
    if before is None:
        return _not_comparable(key, before, now, "not in the saved report")
    if now is None:
        return _not_comparable(key, before, now, _gone(cluster, before))
    for one, when in ((before, "then"), (now, "now")):
        if not one.of:
            return _not_comparable(key, before, now, f"no {KINDS[one.kind].of} {when}")
    then, since = (sorted(node for node, steps in one.nodes.items() if any(steps.of)) for one in (before, now))
    common = [node for node in then if node in since]
    if not common:
        return _not_comparable(key, before, now, f"from {', '.join(then)} then, from {', '.join(since)} now")
    pair = _Pair(
        key, {node: before.nodes[node] for node in common}, {node: now.nodes[node] for node in common},
        note="" if then == since else f"compared from {', '.join(common)} alone",
    )  # fmt: skip
    if pair.kind.unit == "s" and (why := _at_other_intervals(pair)):
        return _not_comparable(key, before, now, why)
    return pair


def _at_other_intervals(pair: _Pair) -> str:
    then, now = (_answers_in_a_step(nodes) for nodes in (pair.before, pair.now))
    if max(then, now) <= _AS_OFTEN * min(then, now):
        return ""
    return f"{then:.1f} answers in a step then, {now:.1f} now: probed or scraped at other intervals"


def _answers_in_a_step(nodes: Nodes) -> float:
    filled = [answers for one in nodes.values() for answers in one.of if answers]
    return sum(filled) / len(filled)


def _judged(pairs: list[_Pair], step: float) -> Iterator[Comparison]:
    """Facts do not take part in the gate: each further comparison costs all others some of their sharpness."""
    samples = [sample(pair.kind, pair.before, pair.now, step) for pair in pairs]
    gated = [index for index, pair in enumerate(pairs) if pair.kind.worse]
    verdicts: dict[int, Verdict] = dict(zip(gated, gate.judge([samples[index] for index in gated]), strict=True))
    for index, pair in enumerate(pairs):
        change = gate.change(samples[index])
        yield Comparison(
            *pair.key, usual(pair.kind, pair.before), usual(pair.kind, pair.now),
            change=None if change is None else told(pair.kind, change.size),
            noise=None if change is None or change.error == inf else abs(told(pair.kind, _NOISE * change.error)),
            verdict=verdicts.get(index, "not judged"), why=pair.note,
        )  # fmt: skip


def _not_comparable(key: Key, before: Measured | None, now: Measured | None, why: str) -> Comparison:
    was, is_now = (None if one is None else usual(KINDS[one.kind], one.nodes) for one in (before, now))
    return Comparison(*key, was, is_now, None, None, "not comparable", why)


def _gone(cluster: Cluster, before: Measured) -> str:
    known = before.subject in cluster.services or before.subject in cluster.nodes
    return "not measured now" if known else f"no {before.subject} in the cluster file"

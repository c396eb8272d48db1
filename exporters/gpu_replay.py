"""From several looks at a GPU to what a scenario says of it: answers that follow a load, which has a phase per look.

A number that stayed the same is that number. A reading that moved is, in each phase, what was seen at its begin; a
counter that moved grows in each phase as it did; samples and activity are the means over the phase.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from exporters.gpm import METRICS
from exporters.gpu_calls import SAMPLES, error_named, is_error
from exporters.gpu_look import Look

_MICROSECONDS = 1e6
_HOLE = 2.5  # periods between two samples, from which on there were none in between
_USUAL_PERIOD = 1 / 6
_DIGITS = 6
_DIGITS_OF_A_MEAN = 3  # milliwatts, and far less than a percent
_WRAP = 1 << 32  # where a counter of 32 bits begins anew; one that was far below it was set back
_TIMES = {"power": 1000}  # samples of power are in milliwatts, the load is in watts
_Piece = tuple[float, float, float]  # from, until, value


class Load:
    """`ats`: seconds of each look since the first; the last of them only ends the phase before it."""

    def __init__(self, ats: Sequence[float]) -> None:
        self._ats = ats
        self.phases: list[dict[str, float]] = [
            {"seconds": round(after - before, _DIGITS)} for before, after in pairwise(ats)
        ]

    def follows(self, values: Sequence[Any], name: str, *, counter: bool) -> Any:
        """`values`: one for each look. What a scenario answers, with as much of it in the load as moved."""
        last = values[-1]
        if all(value == last for value in values):
            return last
        if isinstance(last, dict) and all(isinstance(value, dict) and value.keys() == last.keys() for value in values):
            return {
                key: self.follows([value[key] for value in values], f"{name}.{key}", counter=counter) for key in last
            }
        if isinstance(last, list) and all(isinstance(value, list) and len(value) == len(last) for value in values):
            return [
                self.follows([value[place] for value in values], f"{name}#{place}", counter=counter)
                for place in range(len(last))
            ]
        if not all(isinstance(value, int | float) for value in values):
            return last  # it failed now and then: what it said last
        if counter:
            return self._grows(values, name)
        for phase, value in zip(self.phases, values, strict=False):
            phase[name] = value
        return {"now": name}

    def _grows(self, values: Sequence[float], name: str) -> dict[str, Any]:
        grown = [after - before for before, after in pairwise(values)]
        backwards = [before for before, after in pairwise(values) if after < before]
        wraps = bool(backwards) and min(backwards) > _WRAP / 2 and max(values) < _WRAP
        for phase, step in zip(self.phases, grown, strict=True):
            phase[name] = round((step % _WRAP if wraps else max(0.0, step)) / phase["seconds"], _DIGITS)
        return {"sum": name, "plus": values[0]} | ({"wrap": _WRAP} if wraps else {})

    def means(self, values: Sequence[float], name: str) -> dict[str, str]:
        for phase, value in zip(self.phases, values, strict=True):
            phase[name] = round(value, _DIGITS)
        return {"mean": name}

    def spread(self, pieces: Iterable[_Piece], name: str) -> None:
        """The mean of `pieces` over each phase; 0 where there are none."""
        told = list(pieces)
        for phase, (start, end) in zip(self.phases, pairwise(self._ats), strict=True):
            overlaps = [(min(end, until) - max(start, since), value) for since, until, value in told]
            covered = sum(seconds for seconds, _ in overlaps if seconds > 0)
            total = sum(seconds * value for seconds, value in overlaps if seconds > 0)
            phase[name] = round(total / covered, _DIGITS_OF_A_MEAN) if covered else 0.0


def answers(looks: Sequence[Look], load: Load) -> dict[str, dict[str, Any]]:
    """By section: `answers` and `fields`. What is never to be had is said once, not for each link and each sensor."""
    found: dict[str, dict[str, Any]] = {"answers": {}, "fields": {}}
    for question in looks[-1].answers:
        values = [look.answers[question] for look in looks]
        told = load.follows(values, "/".join(question.path), counter=question.counter)
        name, *asked = question.path
        into = found[question.section]
        for key in asked:
            into, name = into.setdefault(name, {}), key
        into[name] = told
    for section in found.values():
        for name, told in section.items():
            if isinstance(told, dict) and len(told) > 1 and is_error(error := next(iter(told.values()))):
                section[name] = error if all(each == error for each in told.values()) else told
    found["fields"] = dict(_scoped(found["fields"]))
    return found


def _scoped(fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A field of the whole GPU goes by its number, one of a link by its number and that of the link."""
    for number, told in fields.items():
        if is_error(told):
            yield number, told
        elif len(told) == 1:
            yield number, next(iter(told.values()))
        else:
            yield from ((f"{number}@{scope}", each) for scope, each in told.items())


def buffers(looks: Sequence[Look], zero: int, load: Load) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind, name in SAMPLES.items():
        reads = [look.samples[kind] for look in looks]
        if isinstance(reads[-1], str):
            found[str(kind)] = reads[-1]
            continue
        samples = sorted({stamp: value for read in reads if not isinstance(read, str) for stamp, value in read}.items())
        steps = sorted((after - before) / _MICROSECONDS for (before, _), (after, _) in pairwise(samples))
        period = round(steps[len(steps) // 2], _DIGITS) if steps else round(_USUAL_PERIOD, _DIGITS)
        times = _TIMES.get(name, 1)
        pieces = [
            piece
            for (before, _), (stamp, value) in pairwise(samples)
            for piece in _pieces((before - zero) / _MICROSECONDS, (stamp - zero) / _MICROSECONDS, value / times, period)
        ]
        load.spread(pieces, name)
        found[str(kind)] = {
            "of": name,
            "period": period,
            "depth": max((len(read) for read in reads if not isinstance(read, str)), default=0) or 1,
            "dry_at_idle": not all(reads) or any(step > _HOLE * period for step in steps),
        } | ({"times": times} if times != 1 else {})
    return found


def _pieces(before: float, at: float, value: float, period: float) -> list[_Piece]:
    if at - before <= _HOLE * period:
        return [(before, at, value)]
    return [(before, at - period, 0.0), (at - period, at, value)]


def activity(looks: Sequence[Look], instance: int | None, load: Load) -> dict[str, Any] | None:
    """By metric; None where there is none. The first look has nothing before it, and so no activity."""
    said = [look.activity.get(instance) for look in looks[1:]]
    if all(each is None for each in said):
        return None
    told = [each or {} for each in said]
    whose = "gpm" if instance is None else f"gpm {instance}"
    return {
        str(metric): load.means([each.get(metric, 0.0) for each in told], f"{whose} {metric}")
        if any(metric in each for each in told)
        else error_named("not_supported")
        for metric in METRICS
    }

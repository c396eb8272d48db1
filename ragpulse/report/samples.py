"""From what two reports have of one thing to the blocks that are judged.

Of latencies the logarithm is taken, so that a slowdown is a shift, and each node is looked at relative to what was
usual from there before: it is another way to the service. Everything else is added up over nodes and blocks.
"""

from collections.abc import Mapping
from math import exp, log

from ragpulse.report import blocks
from ragpulse.report.gate import Blocks
from ragpulse.report.kinds import Kind
from ragpulse.report.saved import Steps

_LEAST, _MOST = 1e-9, 1e18  # stand for nothing, and for more than anything that is

Nodes = Mapping[str, Steps]
_Entries = dict[str, list[float | None]]


def sample(kind: Kind, before: Nodes, now: Nodes, step: float) -> Blocks:
    """Of the same nodes, each of which has measured something in both windows of the same steps."""
    earlier, later = _entries(kind, before), _entries(kind, now)
    steps = len(next(iter(earlier.values())))
    parts = blocks.parts(steps, blocks.count(steps, step, _steps_alike([*earlier.values(), *later.values()])))
    if kind.unit == "s":
        usual = {node: blocks.typical(_known(entries)) for node, entries in earlier.items()}
        sides = [[_typical(entries, usual, part) for part in parts] for entries in (earlier, later)]
    else:
        sides = [[_whole(kind, nodes, part) for part in parts] for nodes in (before, now)]
    sign = kind.worse or 1
    was, is_now = (tuple(sign * value for value in _known(side)) for side in sides)
    return Blocks(was, is_now, _size(kind, kind.relevant), _size(kind, kind.must_see))


def usual(kind: Kind, nodes: Nodes) -> float | None:
    """What stands in a table for a window: of latencies the typical one, of all others all of it; None of nothing."""
    if kind.unit == "s":
        logs = [value for entries in _entries(kind, nodes).values() for value in _known(entries)]
        return exp(blocks.typical(logs)) if logs else None
    whole = _whole(kind, nodes, slice(None))
    return whole if whole is None or not kind.relative else exp(whole)


def told(kind: Kind, change: float) -> float:
    """A shift of blocks as a change: 0.15 for 15 % more, whichever direction is worse."""
    shift = change * (kind.worse or 1)
    return exp(shift) - 1 if kind.relative else shift


def _entries(kind: Kind, nodes: Nodes) -> _Entries:
    return {
        node: [_scaled(kind, amount / of) if of else None for amount, of in zip(one.amount, one.of, strict=True)]
        for node, one in nodes.items()
    }


def _steps_alike(entries: list[list[float | None]]) -> float:
    """What is probed every third step resembles itself over three times as many."""
    runs = [run for each in entries if (run := _known(each))]
    filled = sum(map(len, runs))
    return blocks.alike(runs) * len(runs) * len(entries[0]) / filled if filled else 1.0


def _typical(entries: _Entries, usual_of: Mapping[str, float], part: slice) -> float | None:
    values = [value - usual_of[node] for node, each in entries.items() for value in _known(each[part])]
    return blocks.typical(values) if values else None


def _whole(kind: Kind, nodes: Nodes, part: slice) -> float | None:
    of = sum(sum(one.of[part]) for one in nodes.values())
    return _scaled(kind, sum(sum(one.amount[part]) for one in nodes.values()) / of) if of else None


def _size(kind: Kind, change: float) -> float:
    return log(1 + change) if kind.relative else change


def _scaled(kind: Kind, ratio: float) -> float:
    return log(min(max(ratio, _LEAST), _MOST)) if kind.relative else min(ratio, _MOST)


def _known(values: list[float | None]) -> list[float]:
    return [value for value in values if value is not None]

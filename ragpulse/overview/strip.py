"""A component's states of the last hours as one strip, ready for SVG, and in words for those who cannot see it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ragpulse.overview.facts import ComponentState, Stretch
from ragpulse.units import human_duration

WIDTH = 240
_LEAST = 1.5  # a fault of ten seconds must be seen too
_WORST: tuple[ComponentState, ...] = ("up", "unknown", "degraded", "down")  # the last is drawn over the others


@dataclass(frozen=True, slots=True)
class Strip:
    """`paths`: SVG path data of level strokes by state, those that matter most last, so that they lie on top."""

    paths: tuple[tuple[ComponentState, str], ...]
    words: str


def strip(timeline: Sequence[Stretch], clock: Callable[[float], str], look_back: float) -> Strip | None:
    """None where nothing is known of any time. `look_back`: seconds that the whole width stands for."""
    if not timeline:
        return None
    end = timeline[-1].end
    start = end - look_back

    def x(time: float) -> float:
        return round(max(0.0, time - start) / look_back * WIDTH, 1)

    strokes: dict[ComponentState, str] = {}
    for each in timeline:
        begin = min(x(each.start), WIDTH - _LEAST)
        strokes[each.state] = f"{strokes.get(each.state, '')}M{begin:g},5h{max(_LEAST, x(each.end) - begin):.3g}"
    troubles = [f"{each.state} {clock(each.start)} to {clock(each.end)}" for each in timeline if each.state != "up"]
    said = ", ".join(troubles) if troubles else "up all the time that is known"
    paths = tuple((state, strokes[state]) for state in _WORST if state in strokes)
    return Strip(paths, f"last {human_duration(look_back)}: {said}")

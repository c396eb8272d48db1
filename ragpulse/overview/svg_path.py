"""Lines of SVG from points: gaps in the data stay gaps, and what lies on a level stretch is left out."""

import itertools

from ragpulse.overview.facts import History

Dot = tuple[float, float]


def runs(history: History) -> list[list[Dot]]:
    """The points, cut where more than one is missing."""
    found = [[history.points[0]]]
    for before, point in itertools.pairwise(history.points):
        if point[0] - before[0] > 1.5 * history.step:
            found.append([])
        found[-1].append(point)
    return found


def path(run: list[Dot]) -> str:
    """Points inside a level stretch add nothing; a single point is a dot: a line of no length with round ends."""
    bends = [
        dot
        for index, dot in enumerate(run)
        if index in {0, len(run) - 1} or not run[index - 1][1] == dot[1] == run[index + 1][1]
    ]
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in bends) + ("h0" if len(bends) == 1 else "")

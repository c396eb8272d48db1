"""The values of a series in promtool's notation, one by one: `1+2x2 _ stale` is 1, 3, 5, nothing, and the end."""

import re
from datetime import timedelta
from functools import cache

import promql_parser

_RUN = re.compile(r"(?P<first>-?[\d.e]+|_)(?P<step>[+-][\d.e]+)?x(?P<times>\d+)")


@cache
def words(values: str) -> tuple[str, ...]:
    found: list[str] = []
    for word in values.split():
        run = _RUN.fullmatch(word)
        if run is None:
            found.append(word)
        elif run["first"] == "_":
            found += ["_"] * int(run["times"])
        else:
            first, step = float(run["first"]), float(run["step"] or 0)
            found += [f"{first + step * index:.12g}" for index in range(int(run["times"]) + 1)]
    return tuple(found)


def cut(values: str, count: int) -> str:
    """Only the first `count` of them, and then nothing any more."""
    return " ".join([*words(values)[:count], "stale"])


def duration(text: str) -> timedelta:
    """Also nothing at all, of which promql-parser knows nothing."""
    return promql_parser.parse_duration(text) if text.rstrip("smhd").strip("0") else timedelta()

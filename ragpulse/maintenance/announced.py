"""What is announced: read from the silences of an Alertmanager, which keeps them, tells its peer and ends them.

Ours are told by their comment, `ragpulse maintenance of service vllm: new driver`; every other silence is somebody's
own and covers nothing here. What an Alertmanager answers is not trusted: what is not of this form is passed over, and
how long texts are is bounded. Times in Unix seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ragpulse.dependencies import Component, Dependencies, Kind

MOST_WORDS = 200  # characters of an owner or a reason
_COMMENT = re.compile(r"ragpulse maintenance of (node|service) ([a-z][a-z0-9_-]{0,62}): (.*)")
_KINDS: dict[str, Kind] = {"node": "node", "service": "service"}


@dataclass(frozen=True, slots=True)
class Announced:
    """One silence. `on` is worked on by `owner` until `ends`."""

    on: Component
    owner: str
    why: str
    ends: float
    silence: str


def comment(on: Component, why: str) -> str:
    return f"ragpulse maintenance of {on.kind} {on.name}: {why}"


def active(silences: Any) -> tuple[Announced, ...]:
    """Of the answer to `GET /api/v2/silences`, those of ours that hold now. Errors: ValueError for what is no list."""
    if not isinstance(silences, list):
        raise ValueError("the answer is not a list of silences")  # noqa: TRY004 - about what was said, not our types
    return tuple(found for each in silences if (found := _ours(each)) is not None)


def latest(announced: Iterable[Announced]) -> tuple[Announced, ...]:
    """One of each component, the one that ends last: a node takes several silences, and so do two Alertmanagers."""
    found: dict[Component, Announced] = {}
    for each in sorted(announced, key=lambda one: one.ends):
        found[each.on] = each
    return tuple(sorted(found.values(), key=lambda one: (one.ends, one.on)))


def covered(graph: Dependencies, on: Component) -> tuple[str, ...]:
    """The services whose faults are announced with it: itself and all that needs it."""
    itself = (on.name,) if on.kind == "service" else ()
    return (*itself, *graph.services_above(on))


def _ours(silence: Any) -> Announced | None:
    try:
        matched = _COMMENT.fullmatch(silence["comment"])
        if matched is None or silence["status"]["state"] != "active":
            return None
        ends = datetime.fromisoformat(silence["endsAt"]).timestamp()
        on = Component(_KINDS[matched[1]], matched[2])
        return Announced(on, _words(silence["createdBy"]), _words(matched[3]), ends, _words(silence["id"]))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def _words(text: str) -> str:
    """One line, whatever stands in it."""
    return "".join(each if each.isprintable() else " " for each in text[:MOST_WORDS])

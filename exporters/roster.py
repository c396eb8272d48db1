"""Which sources run on this node right now, and what becomes of them when the cluster file has changed?

A source whose settings are the same goes on as if nothing had happened, with its counters; one whose settings changed
is replaced and counts from 0; one that is gone leaves the page, and a run of its that hangs is left behind.
"""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from exporters.page import Page
from exporters.planned import Planned
from exporters.runner import Runner
from exporters.scheduler import Schedule


@dataclass(frozen=True, slots=True)
class Change:
    """Names of sources."""

    started: tuple[str, ...]
    ended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    settings: object
    runner: Runner


class Roster:
    """Any thread may change it or ask it."""

    def __init__(self, page: Page, schedule: Schedule) -> None:
        self._page = page
        self._schedule = schedule
        self._lock = threading.Lock()
        self._planned: tuple[Planned, ...] = ()
        self._entries: dict[str, _Entry] = {}

    def runners(self) -> Iterator[Runner]:
        return (entry.runner for entry in tuple(self._entries.values()))

    def adopt(self, planned: Iterable[Planned]) -> Change:
        with self._lock:
            self._planned = tuple(planned)
            return self._take_on()

    def again(self) -> Change:
        """Starts what was planned and waited until there was something for it to read."""
        with self._lock:
            return self._take_on()

    def _take_on(self) -> Change:
        wanted = {plan.source.name: plan for plan in self._planned if plan.when()}
        ended = {name for name, entry in self._entries.items() if not _stays(entry, wanted.get(name))}
        started = [plan for name, plan in wanted.items() if name not in self._entries or name in ended]
        for name in ended:
            self._schedule.remove(self._entries[name].runner)
        kept = {name: entry for name, entry in self._entries.items() if name not in ended}
        new = {plan.source.name: _Entry(plan.settings, Runner(plan.source, self._page)) for plan in started}
        # In the order of the plan, which is that of the landing page.
        self._entries = {name: kept.get(name) or new[name] for name in wanted}
        for entry in new.values():
            self._schedule.add(entry.runner)
        return Change(tuple(new), tuple(sorted(ended)))


def _stays(entry: _Entry, plan: Planned | None) -> bool:
    return plan is not None and plan.settings == entry.settings

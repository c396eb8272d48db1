"""Announced work, told to one Alertmanager and asked of it: its API v2, `/api/v2/silences` and `/api/v2/silence/ID`.

Work on a service silences it and all that needs it; work on a node its services and whatever bears its label: its
agent, sources, GPUs, backups, its Prometheus and Alertmanager, and the ways of others to it. Times in Unix seconds.
Errors: AwayError.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from ragpulse.dependencies import Dependencies
from ragpulse.errors import RagpulseError
from ragpulse.maintenance.announced import Announced, active, comment, covered

TIMEOUT = 5.0  # seconds, of one question
_NO_REASON = "work"
Matcher = dict[str, str | bool]


class AwayError(RagpulseError):
    """An Alertmanager gives no usable answer."""


class Silences:
    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client = client
        self.url = url.rstrip("/")

    def listed(self) -> tuple[Announced, ...]:
        said = self._asked("GET", "/api/v2/silences")
        try:
            return active(said.json())
        except ValueError as error:
            raise AwayError(f"{self.url}: {error}") from error

    def announce(self, work: Announced, matchers: tuple[Matcher, ...]) -> Announced:
        """What was announced before goes on at least as long, for the same reason unless `work` has one. The new
        silences stand before the old ones end.
        """
        before = [each for each in self.listed() if each.on == work.on]
        reasons = [work.why, *(each.why for each in before), _NO_REASON]
        why = next(reason for reason in reasons if reason)
        work = replace(work, why=why, ends=max([work.ends, *(each.ends for each in before)]))
        self._put_in_place_of(before, work, matchers)
        return work

    def let_end(self, work: Announced, matchers: tuple[Matcher, ...]) -> bool:
        """At that time or before. Returns whether anything was announced."""
        before = [each for each in self.listed() if each.on == work.on]
        if before:
            last = max(before, key=lambda each: each.ends)
            self._put_in_place_of(before, replace(last, ends=min(work.ends, last.ends)), matchers)
        return bool(before)

    def _put_in_place_of(self, before: list[Announced], work: Announced, matchers: tuple[Matcher, ...]) -> None:
        for matcher in matchers:
            self._asked("POST", "/api/v2/silences", _silence(work, matcher))
        for each in before:
            self._asked("DELETE", f"/api/v2/silence/{each.silence}")

    def _asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        try:
            answer = self._client.request(method, f"{self.url}{path}", json=body)
        except httpx.TimeoutException as error:
            raise AwayError(f"{self.url}: no answer within {TIMEOUT:g} s") from error
        except httpx.HTTPError as error:
            raise AwayError(f"{self.url}: no answer ({type(error).__name__}); is it running?") from error
        if answer.status_code != httpx.codes.OK:
            raise AwayError(
                f"{self.url}: {method} {path.rpartition('/')[0]} is answered with HTTP {answer.status_code}"
            )
        return answer


def matchers(graph: Dependencies, work: Announced) -> tuple[Matcher, ...]:
    """Each of them a silence of its own: within one all must match."""
    return tuple(_matchers(graph, work))


def _matchers(graph: Dependencies, work: Announced) -> Iterator[Matcher]:
    if services := covered(graph, work.on):
        yield {"name": "service", "value": "|".join(services), "isRegex": True, "isEqual": True}
    if work.on.kind == "node":
        for label in ("node", "peer"):
            yield {"name": label, "value": work.on.name, "isRegex": False, "isEqual": True}


def _silence(work: Announced, matcher: Matcher) -> dict[str, Any]:
    return {
        "matchers": [matcher],
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": datetime.fromtimestamp(work.ends, UTC).isoformat(),
        "createdBy": work.owner,
        "comment": comment(work.on, work.why),
    }

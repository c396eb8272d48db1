"""One marked alert on the real way to one receiver, and the evidence of what became of it.

What goes through the adapter is known by name: the adapter says what became of this very message. Of all else
Alertmanager only counts, for each kind, the notifications that it began, the requests that ended and those of them that
failed, both after the answer: a request that ended and did not fail was taken. Where others of the same kind are sent
meanwhile, ours is among those that were taken only if all were. Errors: `NoAlertmanager`.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import uuid4

import httpx
from prometheus_client.parser import text_string_to_metric_families

from ragpulse.errors import RagpulseError

LABEL = "ragpulse_test"  # its value is the receiver's name
ID_LABEL = "ragpulse_test_id"

State = Literal["delivered", "failed", "no evidence"]

_TIMEOUT = 5.0
_LOOK = 0.2
_LIFE = timedelta(minutes=5)  # then Alertmanager forgets it


class NoAlertmanager(RagpulseError):  # noqa: N818 - a fact
    """It does not answer, or not as Alertmanager does."""


@dataclass(frozen=True, slots=True)
class Found:
    state: State
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one kind of receiver: notifications that were begun, and given up; requests that ended, and of them failed."""

    begun: float = 0.0
    ended: float = 0.0
    failed: float = 0.0
    given_up: float = 0.0

    @property
    def taken(self) -> float:
        return self.ended - self.failed

    def since(self, before: "Counts") -> "Counts":
        return Counts(
            self.begun - before.begun,
            self.ended - before.ended,
            self.failed - before.failed,
            self.given_up - before.given_up,
        )


class Alertmanager:
    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client = client
        self._url = url.rstrip("/")

    def post(self, receiver: str, cluster: str) -> str:
        """What the alert is marked with."""
        identity, now = uuid4().hex, datetime.now(UTC)
        alert = {
            "labels": {
                "alertname": "TestNotification", "severity": "info", "component": "monitoring", "cluster": cluster,
                LABEL: receiver, ID_LABEL: identity,
            },
            "annotations": {
                "summary": f"This is a test: {receiver} hears of alerts.",
                "description": "Somebody ran `ragpulse notify test`. Nothing is wrong.",
            },
            "startsAt": now.isoformat(),
            "endsAt": (now + _LIFE).isoformat(),
        }  # fmt: skip
        answer = self._asked("POST", "/api/v2/alerts", [alert])
        if not answer.is_success:
            raise NoAlertmanager(f"Alertmanager at {self._url} refuses the test alert (HTTP {answer.status_code})")
        return identity

    def counts(self, kind: str) -> Counts:
        names = {
            "alertmanager_notifications_total": "begun",
            "alertmanager_notification_requests_total": "ended",
            "alertmanager_notification_requests_failed_total": "failed",
            "alertmanager_notifications_failed_total": "given_up",
        }
        sums = dict.fromkeys(names.values(), 0.0)
        for family in text_string_to_metric_families(self._asked("GET", "/metrics").text):
            for sample in family.samples:
                if (what := names.get(sample.name)) and sample.labels.get("integration") == kind:
                    sums[what] += sample.value
        return Counts(**sums)

    def knows(self, receiver: str) -> bool:
        """Whether its file has the way for our tests."""
        try:
            return f'{LABEL}="{receiver}"' in self._asked("GET", "/api/v2/status").json()["config"]["original"]
        except (ValueError, LookupError, TypeError):
            raise NoAlertmanager(f"what answers at {self._url} is no Alertmanager") from None

    def _asked(self, method: str, path: str, content: object = None) -> httpx.Response:
        try:
            return self._client.request(method, f"{self._url}{path}", json=content, timeout=_TIMEOUT)
        except httpx.HTTPError as error:
            raise NoAlertmanager(
                f"Alertmanager at {self._url} does not answer ({type(error).__name__}): is it running here?"
                " `ragpulse status` says so"
            ) from error


class Relay:
    """The adapter, as far as it tells what became of a message."""

    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client = client
        self._url = url.rstrip("/")

    def state(self, receiver: str, identity: str) -> Found | None:
        """None: it has not heard of it yet."""
        try:
            answer = self._client.get(f"{self._url}/receivers/{receiver}", timeout=_TIMEOUT)
            listed = answer.raise_for_status().json()
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            return Found("no evidence", f"the adapter at {self._url} does not answer ({type(error).__name__})")
        for known in listed:
            if identity in known["group"]:
                if known["state"] == "delivered":
                    return Found("delivered", "the adapter was told so by the service")
                is_over = known["state"] == "dead_letter"
                return Found(
                    "failed" if is_over else "no evidence", known["reason"] or "the adapter has not told it yet"
                )
        return None


def by_relay(relay: Relay, receiver: str, identity: str, *, within: float) -> Found:
    def look() -> Found | None:
        found = relay.state(receiver, identity)
        return None if found is None or found.state == "no evidence" else found

    if found := _until(look, within):
        return found
    last = relay.state(receiver, identity)
    return last or Found("no evidence", "the adapter has not heard of it from Alertmanager")


def by_counts(alertmanager: Alertmanager, kind: str, before: Counts, *, expected: int, within: float) -> Found:
    """`expected`: requests that one notification takes, one for each address of a mail."""

    def look() -> Found | None:
        found = alertmanager.counts(kind).since(before)
        if found.begun <= 1 and found.given_up:
            return Found("failed", "Alertmanager gave it up; its log says why")
        if found.taken >= expected * max(1, found.begun):
            return Found("delivered", f"{kind}: Alertmanager's request was taken")
        return None

    if found := _until(look, within):
        return found
    last = alertmanager.counts(kind).since(before)
    if last.begun > 1:
        return Found(
            "no evidence",
            f"{last.begun:.0f} notifications by {kind} were sent meanwhile and not all were taken; try again when it is"
            " quiet",
        )
    if last.failed:
        return Found(
            "failed", f"{last.failed:.0f} requests of Alertmanager failed, and it tries again; its log says why"
        )
    return Found("no evidence", "Alertmanager waits for an answer, or has sent nothing")


def _until(look: Callable[[], Found | None], within: float) -> Found | None:
    began = time.monotonic()
    while True:
        found, took = look(), time.monotonic() - began
        if found is not None:
            return Found(found.state, found.detail, took)
        if took >= within:
            return None
        time.sleep(_LOOK)

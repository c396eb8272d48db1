"""Are our credentials accepted, and are wrong ones and none refused? By one request that needs them, asked three times.

A server that serves whoever comes is a fault where a secret is configured, for then somebody believes in it; where none
is, it is noted. What is no answer to this question (a time out, a 500) is another check's to tell.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exporters.checks.check import Result, Scene, failed, not_checked, note, well
from exporters.http_client import MAX_BODY_BYTES, Failure, HttpClient
from exporters.secret import secret_header

if TYPE_CHECKING:
    from ragpulse.service import Tls

_REFUSED = (401, 403)
_SUCCESS = 2
_WRONG = "not-the-secret-this-is-ragpulse-check"


@dataclass(frozen=True, slots=True)
class Secret:
    """How it is shown, the file that holds it, and the key below the service that names that file."""

    setting: str
    file: str | None
    header: str = "Authorization"
    prefix: str = "Bearer"


@dataclass(frozen=True, slots=True)
class Question:
    """One that wants the secret."""

    path: str = ""
    method: str = "GET"
    json_body: Any = None


@dataclass(frozen=True, slots=True)
class Guard:
    """`order`: what makes the service ask for the secret."""

    service: str
    url: str
    tls: Tls | None
    secret: Secret
    question: Question
    order: str


def aspects(scene: Scene, guard: Guard, timeout: float) -> tuple[Callable[[], Result], Callable[[], Result] | None]:
    """Are ours accepted? And, where there are any: is refused who shows none or wrong ones?"""
    judge = _Judge(scene, guard, timeout)
    return judge.accepted, judge.guarded if guard.secret.file is not None else None


class _Judge:
    def __init__(self, scene: Scene, guard: Guard, timeout: float) -> None:
        self._guard = guard
        self._secret = guard.secret
        self._timeout = timeout
        self._key = f"services.{guard.service}.{guard.secret.setting} in {scene.file}"

    def accepted(self) -> Result:
        service, file = self._guard.service, self._secret.file
        try:
            status = self._status(secret_header(self._secret.header, self._secret.prefix, file))
        except Failure as failure:
            return not_checked(f"no answer to judge by: {failure}")
        if status in _REFUSED and file is None:
            return failed(f"asks for a secret (HTTP {status}), and none is configured", f"name its file as {self._key}")
        if status in _REFUSED:
            return failed(
                f"refuses the secret in {file} (HTTP {status})",
                f"write the secret that {service} was started with into {file}, or correct {self._key}",
            )
        if status // 100 != _SUCCESS:
            return not_checked(f"no answer to judge by: HTTP {status}")
        return well("accepted") if file else note("serves whoever reaches it; no secret is configured")

    def guarded(self) -> Result:
        wrong = {self._secret.header: f"{self._secret.prefix} {_WRONG}".strip()}
        try:
            statuses = {"none": self._status(dict), "a wrong one": self._status(lambda: wrong)}
        except Failure as failure:
            return not_checked(f"no answer to judge by: {failure}")
        if served := [shown for shown, status in statuses.items() if status // 100 == _SUCCESS]:
            return failed(
                f"serves whoever shows {' or '.join(served)}: the secret protects nothing",
                f"{self._guard.order}, or keep its port off the network and take out {self._key}",
            )
        return well("refuses " + " and ".join(f"{shown} (HTTP {status})" for shown, status in statuses.items()))

    def _status(self, headers: Callable[[], Mapping[str, str]]) -> int:
        """Errors: Failure, SecretError."""
        guard, asked = self._guard, self._guard.question
        client = HttpClient(guard.url, timeout=self._timeout, max_body=MAX_BODY_BYTES, headers=headers, tls=guard.tls)
        with contextlib.closing(client):
            return client.request(asked.method, asked.path, json_body=asked.json_body).status

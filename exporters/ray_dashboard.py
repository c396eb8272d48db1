"""What the dashboard on Ray's head says at one look: the nodes that live, the ranks, the pages that it lists.

A dashboard that cannot be reached, refuses our token or answers with something else is a fact about Ray, told as its
state. When the file of the token cannot be read, it is asked without: it may want none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from exporters.http_client import SMALL_BODY_BYTES, Failure, HttpClient, Unanswered, WrongAnswer
from exporters.ray_api import StateApi
from exporters.secret import SecretError, secret_header

if TYPE_CHECKING:
    from exporters.ray_api import LivingNode
    from exporters.ray_discovery import Target
    from ragpulse.services import Ray

Found = TypeVar("Found")
Left = Callable[[], float]  # seconds that a request may still take


@dataclass(slots=True)
class Told:
    """`state`: of `catalogue.ray.DASHBOARD_STATES`. None: not known. `problems`: what could not be
    read, and why.
    """

    state: str = "answering"
    nodes: list[LivingNode] | None = None
    ranks: list[tuple[int, str]] = field(default_factory=list)
    targets: frozenset[Target] | None = None
    problems: list[str] = field(default_factory=list)


class RayDashboard:
    def __init__(self, ray: Ray, timeout: float) -> None:
        self._token = secret_header("Authorization", "Bearer", ray.token_file)
        self._client = HttpClient(ray.url, timeout=timeout, max_body=SMALL_BODY_BYTES, headers=self._token, tls=ray.tls)
        self.version: str | None = None

    @property
    def certificate_expires(self) -> float | None:
        return self._client.certificate_expires

    def look(self, left: Left, *, wants_targets: bool) -> Told:
        told = Told()
        api = StateApi(self._client, with_auth=self._can_show_who_we_are(told))
        try:
            told.nodes = api.nodes(left())
        except Failure as failure:
            told.state = _state(failure)
            self.version = None  # it may come back as another
            if told.state == "wrong":
                told.problems.append(f"its dashboard: {failure}")
            return told
        told.ranks = _asked(api.ranks, left, told) or []
        if wants_targets:
            told.targets = _asked(api.targets, left, told)
        if self.version is None:
            self.version = _asked(api.version, left, told)
        return told

    def _can_show_who_we_are(self, told: Told) -> bool:
        try:
            self._token()
        except SecretError as error:
            told.problems.append(str(error))
            return False
        return True


def _asked(question: Callable[[float], Found], left: Left, told: Told) -> Found | None:
    try:
        return question(left())
    except Unanswered:
        return None
    except WrongAnswer as wrong:
        if wrong.reason != "http_4xx":  # this version does not know the question
            told.problems.append(f"its dashboard: {wrong}")
        return None


def _state(failure: Failure) -> str:
    if isinstance(failure, Unanswered):
        return "unreachable"
    return "refusing" if failure.reason == "auth" else "wrong"

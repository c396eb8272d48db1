"""What came of a request: an answer, or a failure that says whose fault it is.

No text here repeats what the server said: a hostile one could have our own credentials printed that way.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

_SUCCESS, _CLIENT_ERROR, _SERVER_ERROR = 2, 4, 5  # first digit of the status
_CREDENTIALS = frozenset({401, 403, 407})  # 407: a proxy on the way asks for them
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Failure(Exception):  # noqa: N818 - a fact about the service, not a fault of ours
    """A request that failed. `reason` is one of `catalogue.service.REASONS`, the text says more."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Unanswered(Failure):
    """No HTTP answer: `timeout`, `connect`, `tls`, `too_large` for an endless head, `invalid` for what is no HTTP."""


class WrongAnswer(Failure):
    """An HTTP answer, but not a good one: the service lives."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`seconds`: from the request to the last byte. `location`: where a redirect points, as it was written.
    `connecting`: seconds that it took before to open a connection; 0 on one that was kept. `date`: when the server says
    that it answered, as it was written.
    """

    status: int
    body: bytes
    seconds: float
    url: httpx.URL = httpx.URL()  # noqa: RUF009 - immutable
    location: str = ""
    connecting: float = 0.0
    date: str = ""

    @property
    def is_redirect(self) -> bool:
        return self.status in _REDIRECTS

    @property
    def is_server_error(self) -> bool:
        return self.status // 100 == _SERVER_ERROR

    def expect(self, *statuses: int) -> "Answer":
        """Itself when the status is one of `statuses` (of the class of success when none is given).

        Errors: WrongAnswer as `auth`, `redirect`, `http_4xx` (429 too: who asks too often is refused like any user),
        `http_5xx`, or `invalid` for another success.
        """
        if self.status in statuses or (not statuses and self.status // 100 == _SUCCESS):
            return self
        raise WrongAnswer(self._reason(), f"HTTP {self.status}")

    def _reason(self) -> str:
        if self.status in _CREDENTIALS:
            return "auth"
        if self.is_redirect:
            return "redirect"
        return {_CLIENT_ERROR: "http_4xx", _SERVER_ERROR: "http_5xx"}.get(self.status // 100, "invalid")

    def json(self) -> Any:
        """Errors: WrongAnswer("invalid") for a body that is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise WrongAnswer("invalid", f"the answer is not JSON: {error}") from error

    def mapping(self) -> Mapping[str, Any]:
        """Errors: WrongAnswer("invalid") for a body that is not a JSON object."""
        if not isinstance(found := self.json(), dict):
            raise WrongAnswer("invalid", "the answer is not a JSON object")
        return found

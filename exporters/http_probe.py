"""Does a service that speaks HTTP give the expected answer: status, text, JSON?

Source: GET of its URL exactly as written. A redirect is followed where the cluster file says so, all of them within the
timeout of one request, and unless its status is itself an expected one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from exporters.http_client import Answer, HttpClient
from exporters.http_expected import Expected
from exporters.probe import Plan, ServiceProbe
from exporters.secret import secret_header

if TYPE_CHECKING:
    from ragpulse.services import Http


def http_probe(plan: Plan, http: Http) -> ServiceProbe:
    page = HttpPage(http, plan.request_timeout)
    return ServiceProbe(plan, page.client, {"response": lambda: page.ask(plan.request_timeout)}, ready_when="response")


class HttpPage:
    def __init__(self, http: Http, timeout: float) -> None:
        auth = http.auth
        self.client = HttpClient(
            http.url,
            timeout=timeout,
            budget=timeout,
            max_body=int(http.max_body),
            headers=secret_header(auth.header, auth.prefix, auth.value_file) if auth else dict,
            tls=http.tls,
        )
        self._http = http
        self._expected = Expected(http.expect)

    def ask(self, seconds: float) -> Answer:
        """The expected answer. Errors: Failure."""
        ends = time.monotonic() + seconds
        return self._expected.judge(self._landed(), ends)

    def _landed(self) -> Answer:
        answer = self.client.get()
        for _ in range(self._http.redirects):
            if answer.status in self._http.expect.status or not answer.is_redirect:
                break
            answer = self.client.follow(answer)
        return answer

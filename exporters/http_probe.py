"""Does a service that speaks HTTP give the expected status? Source: GET of its URL exactly as written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters.http_client import Answer, HttpClient
from exporters.probe import Plan, ServiceProbe

if TYPE_CHECKING:
    from ragpulse.services import Http


def http_probe(plan: Plan, http: Http) -> ServiceProbe:
    client = HttpClient(http.url, timeout=plan.request_timeout, tls=http.tls)

    def response() -> Answer:
        return client.get().expect(*http.expect.status)

    return ServiceProbe(plan, client, {"response": response}, ready_when="response")

"""Does a service that speaks HTTP give the expected answer: status, text, JSON?

Source: GET of its URL exactly as written. A redirect is followed where the cluster file says so, all of them within the
timeout of one request, and unless its status is itself an expected one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from exporters import json_field
from exporters.http_body_match import BodyMatch
from exporters.http_client import Answer, HttpClient, WrongAnswer
from exporters.probe import Plan, ServiceProbe
from exporters.secret import secret_header

if TYPE_CHECKING:
    from ragpulse.services import Http


def http_probe(plan: Plan, http: Http) -> ServiceProbe:
    auth, expect = http.auth, http.expect
    client = HttpClient(
        http.url,
        timeout=plan.request_timeout,
        budget=plan.request_timeout,
        max_body=int(http.max_body),
        headers=secret_header(auth.header, auth.prefix, auth.value_file) if auth else dict,
        tls=http.tls,
    )
    body_match = BodyMatch(expect.body_match) if expect.body_match is not None else None

    def response() -> Answer:
        start = time.monotonic()
        answer = _landed(client, http).expect(*expect.status)
        left = plan.request_timeout - (time.monotonic() - start)
        if body_match is not None and not body_match.is_in(answer.body, left):
            raise WrongAnswer("mismatch", "body_match is not found in the answer")
        if expect.json_fields:
            document = answer.json()
            for path, good in expect.json_fields.items():
                if not json_field.is_one_of(json_field.at(document, path), good):
                    raise WrongAnswer("mismatch", f"{path} is not what is expected there")
        return answer

    return ServiceProbe(plan, client, {"response": response}, ready_when="response")


def _landed(client: HttpClient, http: Http) -> Answer:
    answer = client.get()
    for _ in range(http.redirects):
        if answer.status in http.expect.status or not answer.is_redirect:
            break
        answer = client.follow(answer)
    return answer

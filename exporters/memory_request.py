"""One configured request to a memory service, and whether its answer is a good one.

Memory services agree on no API: path, status and the field that says "healthy" come from the cluster file.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from exporters import json_field
from exporters.http_client import SMALL_BODY_BYTES, Answer, HttpClient, WrongAnswer
from exporters.memory_freshness import distance
from exporters.secret import secret_header
from ragpulse.catalogue.memory import STALE

if TYPE_CHECKING:
    from ragpulse.services import Memory, MemoryCheck, MemoryFreshness, MemoryRequest


def client(memory: Memory, timeout: float) -> HttpClient:
    auth = memory.auth
    headers = secret_header(auth.header, auth.prefix, auth.value_file) if auth else dict
    return HttpClient(memory.url, timeout=timeout, max_body=SMALL_BODY_BYTES, headers=headers, tls=memory.tls)


def ask(client: HttpClient, check: MemoryCheck) -> Answer:
    """A good answer. Errors: Failure; a 200 whose body says that the service is not well is `mismatch`, one that tells
    an old time is `stale`.
    """
    answer = client.request(check.method, check.path, json_body=check.json_body, with_auth=check.send_auth)
    expect(answer, check)
    if check.fresh is not None:
        _expect_fresh(answer, check.fresh, time.time())
    return answer


def expect(answer: Answer, request: MemoryRequest) -> None:
    """Errors: WrongAnswer."""
    answer.expect(*request.ok_status)
    if request.json_field is not None:
        found = json_field.at(answer.json(), request.json_field)
        if not json_field.is_one_of(found, request.ok_values):
            raise WrongAnswer("mismatch", f"{request.json_field} is none of ok_values")


def _expect_fresh(answer: Answer, fresh: MemoryFreshness, now: float) -> None:
    away = distance(json_field.at(answer.json(), fresh.json_field), fresh.unit, now)
    if away is None:
        raise WrongAnswer("mismatch", f"{fresh.json_field} is no time in {fresh.unit}")
    if not away <= fresh.max_age:  # NaN is not
        raise WrongAnswer(STALE, f"{fresh.json_field} is more than {fresh.max_age:g} s away from now")

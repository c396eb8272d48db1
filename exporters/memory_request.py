"""One configured request to a memory service, and whether its answer is a good one.

Memory services agree on no API: path, status and the field that says "healthy" come from the cluster file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters import json_field
from exporters.http_client import SMALL_BODY_BYTES, Answer, HttpClient, WrongAnswer
from exporters.secret import secret_header

if TYPE_CHECKING:
    from ragpulse.services import Memory, MemoryCheck


def client(memory: Memory, timeout: float) -> HttpClient:
    auth = memory.auth
    headers = secret_header(auth.header, auth.prefix, auth.value_file) if auth else dict
    return HttpClient(memory.url, timeout=timeout, max_body=SMALL_BODY_BYTES, headers=headers, tls=memory.tls)


def ask(client: HttpClient, check: MemoryCheck) -> Answer:
    """A good answer. Errors: Failure; a 200 whose body says that the service is not well is `mismatch`."""
    answer = client.request(check.method, check.path, json_body=check.json_body, with_auth=check.send_auth)
    answer.expect(*check.ok_status)
    if check.json_field is not None:
        found = json_field.at(answer.json(), check.json_field)
        if not json_field.is_one_of(found, check.ok_values):
            raise WrongAnswer("mismatch", f"{check.json_field} is none of ok_values")
    return answer

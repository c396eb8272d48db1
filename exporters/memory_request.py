"""One configured request to a memory service, and whether its answer is a good one.

Memory services agree on no API: path, status and the field that says "healthy" come from the cluster file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporters import json_field
from exporters.http_client import Answer, HttpClient, WrongAnswer
from exporters.secret import secret_header

if TYPE_CHECKING:
    from ragpulse.services import Memory, MemoryCheck


def client(memory: Memory, timeout: float) -> HttpClient:
    auth = memory.auth
    headers = secret_header(auth.header, auth.prefix, auth.value_file) if auth else dict
    return HttpClient(memory.url, timeout=timeout, headers=headers, tls=memory.tls)


def ask(client: HttpClient, check: MemoryCheck) -> Answer:
    """A good answer. Errors: Failure; a 200 whose body says that the service is not well is `invalid`."""
    answer = client.request(check.method, check.path, json_body=check.json_body, with_auth=check.send_auth)
    answer.expect(*check.ok_status)
    if check.json_field is not None:
        found = json_field.at(answer.json(), check.json_field)
        if not any(_same(found, good) for good in check.ok_values):
            raise WrongAnswer("invalid", f"{check.json_field} is {found!r}")
    return answer


def _same(found: object, good: str | bool | int) -> bool:  # noqa: FBT001 - a value from the cluster file
    """True is not 1 and `UP` is `up`."""
    if isinstance(found, str) and isinstance(good, str):
        return found.casefold() == good.casefold()
    return type(found) is type(good) and found == good

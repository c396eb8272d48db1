"""Where Chroma's answers stand: paths of its v2 API, the same in 0.5.x and 1.x, and a client with the right token."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, TypeGuard
from urllib.parse import quote

from exporters.http_client import SMALL_BODY_BYTES, Answer, HttpClient, WrongAnswer
from exporters.secret import secret_header

if TYPE_CHECKING:
    from ragpulse.services import Chroma

HEARTBEAT = "/api/v2/heartbeat"
VERSION = "/api/v2/version"
PRE_FLIGHT = "/api/v2/pre-flight-checks"
NO_SUCH = (400, 404)  # of a collection that is not there 0.5.x says 400, 1.x 404; both say 400 of a wrong dimension
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")  # a UUID; anything else would be a path of the server's choosing


def heartbeat(client: HttpClient) -> Answer:
    """Without token and without database: it comes while SQLite is locked. Errors: Failure."""
    return with_key(client.get(HEARTBEAT, with_auth=False).expect(), "nanosecond heartbeat")


def ready(client: HttpClient, chroma: Chroma) -> Answer:
    """Errors: Failure."""
    return with_key(client.get(tenant(chroma)).expect(), "name")


def with_key(answer: Answer, key: str) -> Answer:
    """A page of something else in front of Chroma also says 200. Errors: WrongAnswer."""
    if key not in answer.mapping():
        raise WrongAnswer("invalid", f"the answer has no {key!r}")
    return answer


def tenant(chroma: Chroma) -> str:
    """The cheapest request that needs both the token and the database."""
    return f"/api/v2/tenants/{_part(chroma.tenant)}"


def database(chroma: Chroma) -> str:
    return f"{tenant(chroma)}/databases/{_part(chroma.database)}"


def collections(chroma: Chroma) -> str:
    return f"{database(chroma)}/collections"


def collection(chroma: Chroma, name_or_id: str) -> str:
    """By name to look it up, by id for all else."""
    return f"{collections(chroma)}/{_part(name_or_id)}"


def is_id(found: object) -> TypeGuard[str]:
    return isinstance(found, str) and _ID.fullmatch(found) is not None


def client(chroma: Chroma, timeout: float, budget: float = math.inf, max_body: int = SMALL_BODY_BYTES) -> HttpClient:
    """Seconds for one request, and for all requests of one run; bytes of one answer."""
    return HttpClient(
        chroma.url,
        timeout=timeout,
        budget=budget,
        max_body=max_body,
        headers=secret_header(chroma.token_header, chroma.token_prefix, chroma.token_file),
        tls=chroma.tls,
    )


def _part(text: str) -> str:
    return quote(text, safe="")

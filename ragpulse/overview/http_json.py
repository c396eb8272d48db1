"""One GET to a server beside us, its answer checked against a shape, its failures said in words that fit a sentence.

Errors: `Unavailable` only. How long it may take is the caller's to say.
"""

from collections.abc import Mapping
from typing import TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class Unavailable(Exception):  # noqa: N818 - a fact about the other server, not a fault of ours
    """No usable answer; the text is the reason, ready for a person to read."""


async def get(client: httpx.AsyncClient, url: str, shape: TypeAdapter[T], params: Mapping[str, str]) -> T:
    try:
        response = await client.get(url, params=dict(params))
    except httpx.ConnectError as error:
        raise Unavailable("no connection; is it running?") from error
    except httpx.HTTPError as error:
        raise Unavailable(f"the connection broke ({type(error).__name__})") from error
    if response.status_code != httpx.codes.OK:
        raise Unavailable(f"it answers HTTP {response.status_code}")
    try:
        return shape.validate_json(response.content)
    except ValidationError as error:
        raise Unavailable("its answer is not what its HTTP API promises") from error

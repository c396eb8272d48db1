"""Values in the description of a service that need more than their type: lists, statuses, patterns, sizes, JSON."""

import json
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from ragpulse.model import Name, Size

Names = Annotated[tuple[Name, ...], Field(strict=False)]
Nodes = Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
StatusCodes = Annotated[tuple[int, ...], Field(strict=False, min_length=1)]

_MOST_BODY = 64 * 1024**2


def _as_list(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _regex(text: str) -> str:
    if not text:
        raise ValueError("is found in every answer; leave it out")
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from None
    return text


def _fits_into_memory(size: float) -> float:
    if size > _MOST_BODY:
        raise ValueError("is more than 64MiB: an agent holds the whole answer in memory")
    return size


def _can_be_sent(body: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(body, allow_nan=False)
    except (ValueError, TypeError) as error:
        raise ValueError(f"cannot be sent as JSON ({error}); put dates into quotes") from error
    return body


Scalar = str | bool | int | float
OneOrMore = Annotated[
    tuple[Scalar, ...],
    Field(strict=False, min_length=1),
    BeforeValidator(_as_list, json_schema_input_type=Scalar | list[Scalar]),
]
JsonBody = Annotated[dict[str, Any], AfterValidator(_can_be_sent)]
Regex = Annotated[str, AfterValidator(_regex)]
BodySize = Annotated[Size, AfterValidator(_fits_into_memory)]

"""Values in the description of a service that need more than their type: lists, statuses, patterns, sizes."""

import re
from typing import Annotated

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


Scalar = str | bool | int | float
OneOrMore = Annotated[
    tuple[Scalar, ...],
    Field(strict=False, min_length=1),
    BeforeValidator(_as_list, json_schema_input_type=Scalar | list[Scalar]),
]
Regex = Annotated[str, AfterValidator(_regex)]
BodySize = Annotated[Size, AfterValidator(_fits_into_memory)]

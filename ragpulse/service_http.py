"""Anything that answers HTTP, in the cluster file."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ragpulse.model import Part, Url
from ragpulse.service import Service
from ragpulse.service_auth import HeaderAuth
from ragpulse.service_values import BodySize, OneOrMore, Regex, StatusCodes


class HttpExpect(Part):
    """What a good answer looks like. `json_fields`: dotted path into the answer → the values that are good there."""

    status: StatusCodes = (200,)
    """statuses that are good"""
    body_match: Regex | None = None
    """regular expression (Python's) that is found somewhere in the answer; `(?i)` before it ignores case"""
    json_fields: Annotated[dict[str, OneOrMore], Field(alias="json")] = {}
    """dotted path into the answer: the value, or list of values, that is good there; all must be there, letters match
    in either case
    """


class Http(Service):
    checks: ClassVar[tuple[str, ...]] = ("response",)

    kind: Literal["http"]
    """anything that answers HTTP"""
    url: Url
    """URL that is asked by GET, exactly as written"""
    auth: HeaderAuth | None = None
    """how a request shows who it is from"""
    expect: HttpExpect = HttpExpect()
    """what a good answer looks like"""
    redirects: Annotated[int, Field(ge=0, le=10)] = 0
    """how many redirects are followed, at most 10; one whose status is in `expect.status` is the answer itself"""
    max_body: BodySize = 8.0 * 1024**2
    """largest answer that is read, at most 64MiB"""

"""The requests to a memory service in the cluster file: what is asked, and what a good answer looks like."""

from typing import Annotated, Literal

from pydantic import Field

from ragpulse.memory_placeholders import texts
from ragpulse.model import Duration, HttpPath, Part
from ragpulse.service_values import JsonBody, StatusCodes


class MemoryRequest(Part):
    """What all of them share. `json_field` is a dotted path into the answer."""

    path: HttpPath
    """path that is added to the URL; a slash at its end is kept"""
    method: str = "GET"
    """how it is asked"""
    json_body: Annotated[JsonBody | None, Field(alias="json")] = None
    """JSON that is sent"""
    send_auth: bool = True
    """whether `auth` is sent along"""
    ok_status: StatusCodes = (200,)
    """statuses of a good answer; a redirect is not followed, and can be one"""
    json_field: str | None = None
    """dotted path into the answer, whose value must be one of `ok_values`"""
    ok_values: Annotated[tuple[str | bool | int, ...], Field(strict=False)] = (
        "healthy", "ok", "ready", "up", "pass", "alive", True,
    )  # fmt: skip
    """values of a good answer"""

    def names(self, placeholder: str) -> bool:
        """Whether `{placeholder}` stands in what is asked."""
        return any(f"{{{placeholder}}}" in text for text in (self.path, *texts(self.json_body)))


class MemoryFreshness(Part):
    """A time in the answer that must be near ours: a page out of somebody's cache says that all is well, too."""

    json_field: str
    """dotted path to the time in the answer"""
    unit: Literal["s", "ms", "iso"] = "iso"
    """how it is written: seconds or milliseconds since 1970, or as in ISO 8601 (UTC where it names no zone)"""
    max_age: Duration = 60.0
    """how far it may be from the time of the node that asks"""


class MemoryCheck(MemoryRequest):
    method: Literal["GET", "POST"] = "GET"
    """how it is asked"""
    fresh: MemoryFreshness | None = None
    """a time in the answer that must not be old"""

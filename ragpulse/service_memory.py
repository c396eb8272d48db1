"""A memory service in the cluster file."""

import json
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from ragpulse.model import BaseUrl, HttpPath, Name, Part
from ragpulse.service import Service
from ragpulse.service_auth import HeaderAuth
from ragpulse.service_values import StatusCodes


class MemoryCheck(Part):
    """One request and what a good answer looks like. `json_field` is a dotted path into the answer."""

    path: HttpPath
    """path that is added to the URL"""
    method: Literal["GET", "POST"] = "GET"
    """how it is asked"""
    json_body: Annotated[dict[str, Any] | None, Field(alias="json")] = None
    """JSON that is sent"""
    send_auth: bool = True
    """whether `auth` is sent along"""
    ok_status: StatusCodes = (200,)
    """statuses of a good answer"""
    json_field: str | None = None
    """dotted path into the answer, whose value must be one of `ok_values`"""
    ok_values: Annotated[tuple[str | bool | int, ...], Field(strict=False)] = (
        "healthy", "ok", "ready", "up", "pass", "alive", True,
    )  # fmt: skip
    """values of a good answer"""

    @field_validator("json_body")
    @classmethod
    def _can_be_sent(cls, body: dict[str, Any] | None) -> dict[str, Any] | None:
        try:
            json.dumps(body, allow_nan=False)
        except (ValueError, TypeError) as error:
            raise ValueError(f"cannot be sent as JSON ({error}); put dates into quotes") from error
        return body


class Memory(Service):
    checks: ClassVar[tuple[str, ...]] = ("health", "ready", "search")

    kind: Literal["memory"]
    """a memory service over HTTP"""
    url: BaseUrl
    """base URL; the paths of the requests are added to it"""
    preset: Literal["generic"] = "generic"
    """which API it speaks"""
    auth: HeaderAuth | None = None
    """how a request shows who it is from"""
    health: MemoryCheck = MemoryCheck(path="/health", send_auth=False)
    """request that says whether it lives (default: `/health`, without `auth`)"""
    ready: MemoryCheck | None = None
    """request that says whether it can do its work"""
    search: MemoryCheck | None = None
    """request that stands for its use"""
    gauges: dict[Name, str] = {}
    """numbers to keep: a name of yours and the dotted path in the answer to `ready`"""

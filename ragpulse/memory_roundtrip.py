"""The round trip through a memory service in the cluster file: write, read back by id, delete.

`{nonce}` in JSON becomes the text of this one trip, `{id}` there or in a path the id under which it is kept.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from ragpulse.memory_placeholders import texts
from ragpulse.memory_requests import MemoryRequest
from ragpulse.model import Duration, Part
from ragpulse.service_values import StatusCodes
from ragpulse.units import prometheus_duration

SHORTEST_EVERY = 300.0
_LONGEST_EVERY = 86_400.0
_LONGEST_TIMEOUT, _LONGEST_WAIT = 30.0, 60.0


def _seldom(every: float) -> float:
    if every < SHORTEST_EVERY:
        raise ValueError(f"{prometheus_duration(every)} is too often: at least 5m, because each trip leaves traces")
    if every > _LONGEST_EVERY:
        raise ValueError(f"{prometheus_duration(every)} is too seldom: at most 1d")
    return every


def _within_a_trip(seconds: float) -> float:
    if seconds > _LONGEST_TIMEOUT:
        raise ValueError(f"{prometheus_duration(seconds)} is too long: at most 30s")
    return seconds


def _bounded(seconds: float) -> float:
    if seconds > _LONGEST_WAIT:
        raise ValueError(f"{prometheus_duration(seconds)} is too long: at most 1m")
    return seconds


class MemoryWrite(MemoryRequest):
    method: Literal["POST", "PUT"] = "POST"
    """how it is asked"""
    ok_status: StatusCodes = (200, 201)
    """statuses of a good answer"""
    id_field: str | None = None
    """dotted path to the id in the answer; without it the id is one of our own, `{id}` in this request"""

    @model_validator(mode="after")
    def _can_be_found_again(self) -> Self:
        if not any("{nonce}" in text for text in texts(self.json_body)):
            raise ValueError("sends no {nonce}, by which it is known again; write it into `json`")
        if self.id_field is None and not self.names("id"):
            raise ValueError("needs id_field, or {id} in what it sends")
        return self


class _OfOne(MemoryRequest):
    @model_validator(mode="after")
    def _asks_for_one(self) -> Self:
        if not self.names("id"):
            raise ValueError("names no {id}; write it into the path, or into `json`")
        if self.names("nonce"):
            raise ValueError("names {nonce}, which it is to bring; ask by {id}")
        return self


class MemoryRead(_OfOne):
    method: Literal["GET", "POST"] = "GET"
    """how it is asked"""


class MemoryDelete(_OfOne):
    method: Literal["DELETE", "POST"] = "DELETE"
    """how it is asked"""
    ok_status: StatusCodes = (200, 202, 204, 404)
    """statuses of a good answer"""


class MemoryLeftovers(MemoryRequest):
    """Lists what earlier trips have left. Of what it finds, only what bears our text is deleted."""

    method: Literal["GET", "POST"] = "GET"
    """how it is asked"""
    list_field: str
    """dotted path to the list in the answer"""
    id_field: str
    """dotted path to the id within one of the list"""
    text_field: str
    """dotted path to the text within one of the list"""


class MemoryRoundTrip(Part):
    enabled: bool = False
    """whether something is written at all"""
    every: Annotated[Duration, AfterValidator(_seldom)] = 600.0
    """time between two trips, from 5m to 1d"""
    timeout: Annotated[Duration, AfterValidator(_within_a_trip)] = 10.0
    """of one request of it, at most 30s"""
    readable_within: Annotated[Duration, AfterValidator(_bounded)] = 10.0
    """how long after it was accepted a memory may be unreadable, at most 1m; then it is lost"""
    accept_costs: bool = False
    """that each trip costs tokens, where a store calls a language model (cognee, graphiti, mem0)"""
    write: MemoryWrite | None = None
    """stores a memory"""
    read: MemoryRead | None = None
    """reads it by its id; the answer must hold the text that was written"""
    delete: MemoryDelete | None = None
    """deletes it by its id"""
    leftovers: MemoryLeftovers | None = None
    """lists what earlier trips have left, which is then deleted; without it only what the agent remembers is"""

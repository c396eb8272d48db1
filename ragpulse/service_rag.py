"""The path of a RAG request, in the cluster file: its stages are data, so that another one in front needs no code."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ragpulse.model import Duration, Name, Part, Url
from ragpulse.service import Service, Tls
from ragpulse.service_auth import HeaderAuth
from ragpulse.service_http import HttpExpect
from ragpulse.service_values import JsonBody


class RagStage(Part):
    """One step of the path. It asks a `service` of this file as that is described, or a `url` of its own."""

    operation: Literal["embeddings", "retrieval", "search_memory", "chat", "http"]
    """what is done there, in OpenTelemetry's names for GenAI operations; `http` is any other request"""
    name: Name | None = None
    """name of the stage, on every number about it (default: its operation)"""
    service: Name | None = None
    """service of this file that it asks, with that one's URL, credentials, model, collection or search"""
    url: Url | None = None
    """instead of a service: for `embeddings` and `chat` a base URL of OpenAI's API, for `http` what is asked"""
    model: str | None = None
    """model that is asked for (default: that of the service, else the first that is offered)"""
    auth: HeaderAuth | None = None
    """beside `url`: how a request shows who it is from"""
    tls: Tls | None = None
    """for a `url` with https"""
    json_body: Annotated[JsonBody | None, Field(alias="json")] = None
    """beside the `url` of `http`: JSON that is sent by POST; without it the URL is asked by GET"""
    expect: HttpExpect = HttpExpect()
    """beside the `url` of `http`: what a good answer looks like"""


class Rag(Service):
    checks: ClassVar[tuple[str, ...]] = ("path",)

    kind: Literal["rag"]
    """the whole path from a question to its answer"""
    stages: Annotated[tuple[RagStage, ...], Field(strict=False, max_length=16)] = ()
    """its stages, in order (default: by `depends_on`, each chroma with a `query`: `retrieval`; each memory with a
    `search`: `search_memory`; each vllm: `chat`)
    """
    question: Annotated[str, Field(min_length=1, max_length=1000)] = "What is known about backups?"
    """what is asked, in at most 1000 characters"""
    documents: Annotated[int, Field(ge=1, le=20)] = 3
    """documents that are retrieved, of which a chat is given the first 2000 characters"""
    max_tokens: Annotated[int, Field(ge=1, le=256)] = 8
    """tokens that a chat may generate"""
    within: Duration | None = None
    """time within which the answer must be whole; without it the path is judged by its availability alone"""

"""The path of a RAG request, in the cluster file."""

from typing import Annotated, Literal

from pydantic import Field

from ragpulse.model import BaseUrl
from ragpulse.service import Service


class Rag(Service):
    kind: Literal["rag"]
    """the whole path of a RAG request; accepted, not watched yet"""
    url: BaseUrl | None = None
    """base URL"""
    stages: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """names of its stages"""

"""The services that a cluster file can name, one class per kind; `nodes[0]` is the host or head."""

from typing import Annotated

from pydantic import Field

from ragpulse.memory_requests import MemoryCheck, MemoryFreshness, MemoryRequest
from ragpulse.memory_roundtrip import MemoryLeftovers, MemoryRoundTrip
from ragpulse.service import Service, Tls
from ragpulse.service_auth import HeaderAuth
from ragpulse.service_chroma import Chroma, ChromaCanary, ChromaQuery
from ragpulse.service_http import Http, HttpExpect
from ragpulse.service_memory import Memory
from ragpulse.service_rag import Rag, RagStage
from ragpulse.service_ray import Ray
from ragpulse.service_swarm import Swarm
from ragpulse.service_vllm import Canary, Vllm

__all__ = [
    "PROBED",
    "WATCHED",
    "AnyService",
    "Canary",
    "Chroma",
    "ChromaCanary",
    "ChromaQuery",
    "HeaderAuth",
    "Http",
    "HttpExpect",
    "Memory",
    "MemoryCheck",
    "MemoryFreshness",
    "MemoryLeftovers",
    "MemoryRequest",
    "MemoryRoundTrip",
    "Rag",
    "RagStage",
    "Ray",
    "Service",
    "Swarm",
    "Tls",
    "Vllm",
]

AnyService = Annotated[Vllm | Ray | Chroma | Memory | Http | Rag | Swarm, Field(discriminator="kind")]

# Kinds that this version has a probe for, whose outcomes are counted: what is promised of them can be judged.
PROBED = (Vllm, Chroma, Memory, Http, Rag)
# Kinds that this version has a source or probe for; the others are accepted and shown as not watched.
WATCHED = (*PROBED, Ray)

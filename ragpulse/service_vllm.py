"""vLLM in the cluster file."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ragpulse.model import BaseUrl, Duration, FilePath, Part, Url
from ragpulse.service import Service


class Canary(Part):
    enabled: bool = True
    """whether canaries are sent; `false` leaves the state to what the server says of itself"""
    prompt: Annotated[str, Field(min_length=1, max_length=1000)] = "Say one word."
    """what is asked, in at most 1000 characters"""
    max_tokens: Annotated[int, Field(ge=1, le=256)] = 8
    """tokens that may be generated for it"""
    every: Duration = 10.0
    """time between two canaries"""
    timeout: Duration | None = None
    """of one canary, from connecting to its last token (default: 0.7 × `canary.every`, at most 15s)"""


class Vllm(Service):
    checks: ClassVar[tuple[str, ...]] = ("health", "ready")

    kind: Literal["vllm"]
    """vLLM, an OpenAI-compatible server"""
    url: BaseUrl
    """base URL; `/health`, `/metrics` and `/v1/models` are added to it"""
    model: str | None = None
    """model that must be offered"""
    api_key_file: FilePath | None = None
    """file that holds the API key"""
    raw: bool = False
    """Prometheus also scrapes the page of vLLM itself"""
    metrics_url: Url | None = None
    """its page of metrics, where that is not `url`/metrics: a Ray node's, under Ray Serve"""
    canary: Canary = Canary()
    """a small streaming completion of our own: the only request that an engine cannot answer while it hangs"""

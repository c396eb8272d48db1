"""The stages of a RAG path, as the cluster file has them, made into what asks them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exporters.http_client import MAX_BODY_BYTES, HttpClient
from exporters.probe import Plan
from exporters.rag_openai import Chat, Embeddings
from exporters.rag_probe import RagProbe
from exporters.rag_requests import OwnRequest, SearchMemory, ServicePage
from exporters.rag_retrieval import Retrieval
from exporters.rag_walk import StageRequest
from exporters.secret import secret_header

if TYPE_CHECKING:
    from ragpulse.rag_stages import Stage
    from ragpulse.services import Rag


def rag_probe(plan: Plan, path: Rag, stages: Sequence[Stage]) -> RagProbe:
    asked = {stage.name: _request(stage, path, plan.request_timeout) for stage in stages}
    return RagProbe(plan, path.question, asked)


def _request(stage: Stage, path: Rag, timeout: float) -> StageRequest:
    asks = stage.asks
    if asks is not None:
        if asks.kind == "chroma" and asks.query is not None:
            return Retrieval(asks, asks.query, path.documents, timeout)
        if asks.kind == "memory" and asks.search is not None:
            return SearchMemory(asks, asks.search, timeout)
        if asks.kind == "http":
            return ServicePage(asks, timeout)
    client, model = _client(stage, timeout), _model(stage)
    if stage.operation == "embeddings":
        return Embeddings(client, model)
    if stage.operation == "chat":
        return Chat(client, model, path.max_tokens)
    if stage.written is not None:
        return OwnRequest(client, stage.written)
    raise ValueError(f"nothing is known of the stage {stage.name}")


def _client(stage: Stage, timeout: float) -> HttpClient:
    asks, written = stage.asks, stage.written
    if asks is not None and asks.kind == "vllm":
        headers = secret_header("Authorization", "Bearer", asks.api_key_file)
        return HttpClient(asks.url, timeout=timeout, max_body=MAX_BODY_BYTES, headers=headers, tls=asks.tls)
    if written is None or written.url is None:
        raise ValueError(f"the stage {stage.name} asks nobody")
    auth = written.auth
    return HttpClient(
        written.url,
        timeout=timeout,
        max_body=MAX_BODY_BYTES,
        headers=secret_header(auth.header, auth.prefix, auth.value_file) if auth else dict,
        tls=written.tls,
    )


def _model(stage: Stage) -> str | None:
    """What is written here goes before what its service says of itself."""
    if stage.written is not None and stage.written.model is not None:
        return stage.written.model
    return stage.asks.model if stage.asks is not None and stage.asks.kind == "vllm" else None

"""How far has vLLM come, and does anybody wait? One quick look at its page, for whoever only asks that.

Errors: none; a page that cannot be had or read is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporters.http_client import Failure, HttpClient
from exporters.source import SourceError
from exporters.vllm_page import VllmPage

if TYPE_CHECKING:
    from ragpulse.services import Vllm


@dataclass(frozen=True, slots=True)
class Progress:
    """waiting: requests. work: tokens and steps so far, of all engines; only ever compared with another look."""

    waiting: float
    work: float


class ProgressPage:
    def __init__(self, vllm: Vllm, timeout: float) -> None:
        self._client = metrics_client(vllm, timeout)

    def look(self) -> Progress | None:
        try:
            engines = VllmPage(metrics_text(self._client)).engines().values()
        except (Failure, SourceError):
            return None
        return Progress(sum(engine.waiting for engine in engines), sum(engine.progress for engine in engines))


def metrics_client(vllm: Vllm, timeout: float) -> HttpClient:
    """Without the key: vLLM asks for one below /v1 only. Its empty path is the page."""
    return HttpClient(vllm.metrics_url or f"{vllm.url.rstrip('/')}/metrics", timeout=timeout, tls=vllm.tls)


def metrics_text(client: HttpClient) -> str:
    """Errors: Failure; SourceError for a page that is no text."""
    try:
        return client.get().expect().body.decode()
    except UnicodeDecodeError as error:
        raise SourceError("GET /metrics: the page is not UTF-8 text") from error

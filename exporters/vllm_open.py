"""A page that vLLM shows to everybody, and a proxy before it perhaps only to who has the key.

The key is sent when the page was refused without it, and then only to where completions are asked for as well.
Errors: Failure (but for statuses: `Answer.expect`), SecretError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from exporters import http_redirect
from exporters.http_client import Answer, HttpClient
from exporters.secret import secret_header

if TYPE_CHECKING:
    from ragpulse.services import Vllm

_WANTS_A_KEY = (401, 403)


class OpenPage:
    """`timeout`: seconds for the page, with the key and without it together."""

    def __init__(self, vllm: Vllm, url: str, timeout: float) -> None:
        self._client = HttpClient(
            url,
            timeout=timeout,
            budget=timeout,
            headers=secret_header("Authorization", "Bearer", vllm.api_key_file),
            tls=vllm.tls,
        )
        self._may_send_key = vllm.api_key_file is not None and http_redirect.is_same_origin(
            httpx.URL(url), httpx.URL(vllm.url)
        )
        self._needs_key = False

    def get(self) -> Answer:
        with self._client:
            answer = self._client.get(with_auth=self._needs_key)
            if self._may_send_key and not self._needs_key and answer.status in _WANTS_A_KEY:
                self._needs_key = True
                answer = self._client.get()
            return answer


def health_page(vllm: Vllm, timeout: float) -> OpenPage:
    return OpenPage(vllm, f"{vllm.url.rstrip('/')}/health", timeout)


def metrics_page(vllm: Vllm, timeout: float) -> OpenPage:
    """Without a slash at the end: with one it is another handler and another format."""
    return OpenPage(vllm, vllm.metrics_url or f"{vllm.url.rstrip('/')}/metrics", timeout)

"""What vLLM says of itself besides numbers: its version, and the models it serves. Asked seldom: they seldom change.

Source: GET /version, without a key, and GET /v1/models, with the key when one is given. Errors: none; what is not said
is None, and asked for again at the next look. SecretError for a key that cannot be used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from exporters.http_client import SMALL_BODY_BYTES, Failure, HttpClient
from exporters.label_text import fits_label
from exporters.secret import secret_header
from exporters.vllm_changes import Model

if TYPE_CHECKING:
    from ragpulse.services import Vllm

_ASKED_AGAIN = 60.0  # seconds; an adapter may be loaded into a running server


class Said:
    def __init__(self, vllm: Vllm, timeout: float, clock: Callable[[], float]) -> None:
        self._client = HttpClient(
            vllm.url,
            timeout=timeout,
            budget=timeout,
            max_body=SMALL_BODY_BYTES,
            headers=secret_header("Authorization", "Bearer", vllm.api_key_file),
            tls=vllm.tls,
        )
        self._clock = clock
        self._asked = -_ASKED_AGAIN
        self.version: str | None = None
        self.models: tuple[Model, ...] | None = None

    def forget(self) -> None:
        """It was gone, and may come back as another."""
        self.version = self.models = None

    def look(self) -> None:
        is_due = self._clock() - self._asked >= _ASKED_AGAIN
        with self._client:
            if self.version is None:
                found = self._answer("/version", with_auth=False).get("version")
                self.version = found if found and fits_label(found) else None
            if self.models is None or is_due:
                self._asked = self._clock()
                self.models = _models(self._answer("/v1/models").get("data")) or self.models

    def _answer(self, path: str, *, with_auth: bool = True) -> Mapping[str, Any]:
        try:
            return self._client.get(path, with_auth=with_auth).expect().mapping()
        except Failure:
            return {}


def _models(entries: object) -> tuple[Model, ...] | None:
    if not isinstance(entries, list):
        return None
    return tuple(
        Model(name, _label(entry.get("root")), _tokens(entry.get("max_model_len")))
        for entry in entries
        if isinstance(entry, dict) and fits_label(name := entry.get("id"))
    )


def _label(found: object) -> str:
    return found if fits_label(found) else ""


def _tokens(found: object) -> str:
    return str(found) if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else ""

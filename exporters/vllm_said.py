"""What vLLM says of itself besides numbers: its version, and the models it serves. Asked seldom: it changes seldom.

Source: GET /version, without a key, and GET /v1/models, with the key when one is given. Errors: SecretError for a key
that cannot be used; what the server does not say is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from exporters.http_client import SMALL_BODY_BYTES, Failure, HttpClient
from exporters.label_text import fits_label
from exporters.secret import secret_header
from exporters.vllm_changes import Model
from ragpulse.catalogue.vllm import INFO, MODEL_INFO
from ragpulse.metric import Sample

if TYPE_CHECKING:
    from ragpulse.services import Vllm

MAX_MODELS = 20  # shown; LoRA adapters are models too
_MOST_TOKENS = 2**53
_ASKED_AGAIN = 60.0  # seconds; an adapter may be loaded into a running server


class Said:
    """`dropped`: models that are not shown."""

    def __init__(self, service: str, vllm: Vllm, timeout: float, clock: Callable[[], float]) -> None:
        self._service = service
        self._client = HttpClient(
            vllm.url,
            timeout=timeout,
            budget=timeout,
            max_body=SMALL_BODY_BYTES,
            headers=secret_header("Authorization", "Bearer", vllm.api_key_file),
            tls=vllm.tls,
        )
        self._clock = clock
        self.forget()

    def forget(self) -> None:
        """It was gone, and may come back as another."""
        self._due = -1.0
        self.version: str | None = None
        self.models: tuple[Model, ...] | None = None
        self.dropped = 0

    def look(self) -> None:
        now = self._clock()
        if now < self._due:
            return
        with self._client:
            version = self._answer("/version", with_auth=False).get("version")
            self.version = (version if fits_label(version) else None) or self.version
            entries = self._answer("/v1/models").get("data")
        self._due = now + _ASKED_AGAIN
        if isinstance(entries, list):
            found = dict(_models(entries))
            self.models = tuple(found.values())[:MAX_MODELS] or None
            self.dropped = len(entries) - min(len(found), MAX_MODELS)

    def samples(self) -> Iterator[Sample]:
        if self.version is not None:
            yield INFO(1, service=self._service, version=self.version)
        for model in self.models or ():
            yield MODEL_INFO(
                1, service=self._service, model=model.name, root=model.root, max_model_len=model.max_model_len
            )

    def _answer(self, path: str, *, with_auth: bool = True) -> Mapping[str, Any]:
        try:
            return self._client.get(path, with_auth=with_auth).expect().mapping()
        except Failure:
            return {}


def _models(entries: list[Any]) -> Iterator[tuple[str, Model]]:
    for entry in entries:
        if isinstance(entry, dict) and fits_label(name := entry.get("id")) and name:
            root = entry.get("root")
            yield name, Model(name, root if fits_label(root) else "", _tokens(entry.get("max_model_len")))


def _tokens(found: object) -> str:
    return str(found) if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _MOST_TOKENS else ""

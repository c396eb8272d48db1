"""How far has vLLM come, and does anybody wait? One quick look at its page, for whoever only asks that.

Errors: none; a page that cannot be had or read is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exporters.http_client import Failure
from exporters.source import SourceError
from exporters.vllm_open import metrics_page
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
        self._page = metrics_page(vllm, timeout)

    def look(self) -> Progress | None:
        try:
            engines = VllmPage(self._page.get().expect().body).engines().values()
        except (Failure, SourceError):
            return None
        return Progress(sum(engine.waiting for engine in engines), sum(engine.progress for engine in engines))

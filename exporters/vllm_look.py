"""One look at vLLM: its health and its page of metrics, each for itself, so that one that is missing hides no other.

Errors: none. `silences` says what did not answer, which is a fact about the server; `faults` what we could not make
sense of, or not ask for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exporters.http_client import Unanswered, WrongAnswer
from exporters.source import SourceError
from exporters.vllm_open import health_page, metrics_page
from exporters.vllm_page import Engine, VllmPage
from exporters.vllm_state import Health
from exporters.vllm_text import EngineKey
from ragpulse.metric import Sample

if TYPE_CHECKING:
    from ragpulse.services import Vllm


@dataclass(slots=True)
class Look:
    """page, engines, samples: None and empty when no page could be read. is_refused: nobody listens there."""

    health: Health = "unclear"
    is_refused: bool = False
    page: VllmPage | None = None
    engines: Mapping[EngineKey, Engine] = field(default_factory=dict)
    samples: Sequence[Sample] = ()
    silences: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def may_be_loading(self) -> bool:
        return self.is_refused or (self.page is None and self.health == "refuses")


class Looks:
    """`health`, `page`: seconds for each."""

    def __init__(self, service: str, vllm: Vllm, *, health: float, page: float) -> None:
        self._service = service
        self._health = health_page(vllm, health)
        self._page = metrics_page(vllm, page)
        self._has_page_elsewhere = vllm.metrics_url is not None

    def look(self) -> Look:
        look = Look()
        self._ask_health(look)
        self._ask_page(look)
        if look.page is not None and not self._has_page_elsewhere:
            look.is_refused = False
        return look

    def _ask_health(self, look: Look) -> None:
        try:
            answer = self._health.get()
            look.health = "refuses" if answer.is_server_error else "unclear"
            if not answer.is_server_error:
                answer.expect()
                look.health = "well"
        except Unanswered as failure:
            look.health, look.is_refused = "silent", failure.reason == "connect"
            look.silences.append(f"GET /health: {failure}")
        except WrongAnswer as wrong:
            look.faults.append(f"GET /health: {wrong}; is this vLLM?")
        except SourceError as error:  # the key
            look.faults.append(str(error))

    def _ask_page(self, look: Look) -> None:
        try:
            page = VllmPage(self._page.get().expect().body)
            look.engines, look.samples = page.engines(), [*page.samples(self._service), *page.about(self._service)]
            look.page = page
        except Unanswered as failure:
            look.silences.append(f"GET /metrics: {failure}")
        except WrongAnswer as wrong:
            # Of a server that refuses everything, this is no further fault.
            refuses = look.health == "refuses" and wrong.reason == "http_5xx"
            (look.silences if refuses else look.faults).append(f"GET /metrics: {wrong}")
        except SourceError as error:
            look.faults.append(str(error))

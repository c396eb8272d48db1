"""One walk along a RAG path: what was asked, and what its stages have found for those after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from exporters.http_client import HttpClient


@dataclass(slots=True)
class Walk:
    """elapsed: seconds since the question. left: seconds that the present stage may take, from its beginning.
    vector: of the question, where a stage made one. documents: that were found. first_token: seconds after which the
    answer began. tokens: that were generated.
    """

    question: str
    elapsed: Callable[[], float]
    left: float = 0.0
    vector: list[float] | None = None
    documents: tuple[str, ...] = ()
    first_token: float | None = None
    tokens: int = 0


class StageRequest(Protocol):
    """What one stage asks. All its requests go through `client`."""

    client: HttpClient

    def ask(self, walk: Walk) -> None:
        """Errors: Failure."""

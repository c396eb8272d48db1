"""What does Chroma tell to who shows no token? Source: a fixed list of paths, asked without one every 15 minutes.

Some are open in every 0.5.x whatever its token settings (its documentation, its limits); a proxy in front of it, or
another version, may have closed them. Only 200 is an answer: a page that sends elsewhere has told nothing. What cannot
be reached has no sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exporters import chroma_api
from exporters.http_client import Failure
from exporters.probe import Plan
from ragpulse.catalogue.chroma import PATH_EXPOSED
from ragpulse.metric import Metric, Sample

if TYPE_CHECKING:
    from ragpulse.services import Chroma

_PATHS = (
    "/docs",
    "/openapi.json",
    "/api/v1",
    "/api/v2/heartbeat",
    "/api/v2/version",
    "/api/v2/pre-flight-checks",
    "/api/v2/auth/identity",
)
_SERVED = 200


class ChromaExposure:
    interval: float = 900.0
    max_age: float | None = None
    emits: tuple[Metric, ...] = (PATH_EXPOSED,)

    def __init__(self, plan: Plan, chroma: Chroma) -> None:
        self.name = f"chroma_exposure:{plan.service}"
        self.timeout = len(_PATHS) * plan.request_timeout + 1.0
        self._service = plan.service
        self._client = chroma_api.client(chroma, plan.request_timeout)

    def read(self) -> Iterator[Sample]:
        with self._client:
            for path in _PATHS:
                try:
                    status = self._client.get(path, with_auth=False).status
                except Failure:
                    continue
                yield PATH_EXPOSED(status == _SERVED, service=self._service, path=path)

"""Does vLLM answer, and does it offer its model to who has the key?

Source: GET /health (200 says only that the engine was not found dead: see `vllm_state` for a frozen one) and
GET /v1/models, which asks for the key. `health` is the first alone; `ready` needs both and is timed by the second,
which is not asked for when the first went wrong: the reason is then that of the first. Both answer while no token can
be generated: what the last canary found, where canaries are sent, has to agree before vLLM is called ready.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from exporters.canary_record import HOLDS, CanaryRecord
from exporters.clocks import MACHINE
from exporters.http_client import SMALL_BODY_BYTES, Answer, Failure, HttpClient, WrongAnswer
from exporters.probe import Plan, ServiceProbe
from exporters.secret import secret_header

if TYPE_CHECKING:
    from ragpulse.services import Vllm


def vllm_probe(
    plan: Plan, vllm: Vllm, record: CanaryRecord | None = None, clock: Callable[[], float] = MACHINE.awake
) -> ServiceProbe:
    def canary_agrees() -> bool:
        found = record.last(clock(), HOLDS * vllm.canary.every) if record else None
        return found is None or not found.speaks_against

    client = HttpClient(
        vllm.url,
        timeout=plan.request_timeout,
        max_body=SMALL_BODY_BYTES,
        headers=secret_header("Authorization", "Bearer", vllm.api_key_file),
        tls=vllm.tls,
    )
    look = _Look(client, vllm.model)
    return ServiceProbe(plan, client, {"health": look.health, "ready": look.ready}, "ready", canary_agrees)


class _Look:
    """The checks of one run, in this order: `ready` builds on what `health` found."""

    def __init__(self, client: HttpClient, model: str | None) -> None:
        self._client = client
        self._model = model
        self._unhealthy: Failure | None = None

    def health(self) -> Answer:
        self._unhealthy = None
        try:
            return self._client.get("/health", with_auth=False).expect()
        except Failure as failure:
            self._unhealthy = failure
            raise

    def ready(self) -> Answer:
        if self._unhealthy is not None:
            raise self._unhealthy
        answer = self._client.get("/v1/models").expect()
        offered = answer.mapping().get("data")
        entries = offered if isinstance(offered, list) else []
        names = [entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
        if self._model not in names if self._model else not names:
            raise WrongAnswer("invalid", f"the model {self._model or ''} is not among the {len(names)} offered")
        return answer

"""Is it vLLM, which version, do its metrics say what ours are made of, and does it complete a prompt of a few tokens?

By the looks and the canary of the agent; what they find is only put into words here.
"""

from __future__ import annotations

import contextlib
import re
import time
from typing import TYPE_CHECKING

from exporters.canary_record import CanaryRecord
from exporters.checks.check import Result, Scene, failed, not_checked, note, well
from exporters.http_client import SMALL_BODY_BYTES, HttpClient, WrongAnswer
from exporters.vllm_canary import CanaryPlan, VllmCanary
from exporters.vllm_look import Looks
from exporters.vllm_said import Said
from ragpulse import vantage
from ragpulse.catalogue import vllm as catalogue

if TYPE_CHECKING:
    from ragpulse.services import Vllm

_OLDEST = (0, 8, 5)  # of which the names are known: docs/vllm.md
_ASKS_FOR_A_KEY = (401, 403)
# What targets, alerts and boards cannot do without.
NEEDED = (
    catalogue.GENERATION_TOKENS, catalogue.REQUESTS_RUNNING, catalogue.REQUESTS_WAITING, catalogue.KV_CACHE_USAGE,
    catalogue.TTFT, catalogue.ITL,
)  # fmt: skip
_SLOW = ("timeout", "saturated")


class VllmAspects:
    """`timeout`: seconds of one request but a completion."""

    def __init__(self, scene: Scene, service: str, vllm: Vllm, timeout: float) -> None:
        self._scene = scene
        self._service = service
        self._vllm = vllm
        self._timeout = timeout
        self._at = f"services.{service}"
        self._home = vllm.nodes[0]
        self.patience = vantage.canary_timeout(vllm.canary)  # of a completion

    def api(self) -> Result:
        """Anything may answer GET /health with 200."""
        client = HttpClient(self._vllm.url, timeout=self._timeout, max_body=SMALL_BODY_BYTES, tls=self._vllm.tls)
        with contextlib.closing(client):
            answer = client.get("/v1/models")
        if answer.status in _ASKS_FOR_A_KEY:
            return well("/v1/models is there, and asks for a key")
        with contextlib.suppress(WrongAnswer):
            if isinstance(answer.expect().mapping().get("data"), list):
                return well("/v1/models is there")
        return failed(
            f"what answers there is no vLLM: GET /v1/models: HTTP {answer.status}",
            f"correct host and port of {self._at}.url in {self._scene.file}",
        )

    def version(self) -> Result:
        said = Said(self._service, self._vllm, self._timeout, time.monotonic)
        said.look()
        if said.version is None:
            return not_checked("it does not say its version")
        numbers = tuple(int(number) for number in re.findall(r"\d+", said.version)[:3])
        if numbers < _OLDEST:
            return note(f"{said.version}: older than 0.8.5, whose metrics are the first that are known here")
        return well(said.version)

    def metrics(self) -> Result:
        look = Looks(self._service, self._vllm, health=self._timeout, page=self._timeout).look()
        if look.page is None:
            return failed(
                "; ".join(look.faults or look.silences), f"see {self._page()}; docs/vllm.md says what it must be"
            )
        if look.page.stats_disabled:
            return failed(
                f"{self._page()} says nothing of the engine: its statistics are switched off",
                f"start vLLM on {self._home} without --disable-log-stats",
            )
        offered = dict(look.page.offered())
        lacking = [metric.name for metric in NEEDED if not offered[metric]]
        said = f"{sum(offered.values())} of {len(offered)} metrics"
        if lacking and self._vllm.metrics_url is not None:  # Ray's: a family is there from its first number on
            return note(f"{said}; not yet there: {', '.join(lacking)}")
        if lacking:
            return failed(
                f"not offered: {', '.join(lacking)}",
                f"docs/vllm.md says which version offers them; update {self._service}",
            )
        if look.page.unknown:
            return note(
                f"{said}; {look.page.unknown} families that are not known here: is it newer than this ragpulse?"
            )
        return well(said)

    def completion(self) -> Result:
        if not self._vllm.canary.enabled:
            return not_checked(f"{self._at}.canary.enabled is false: no completion is asked for")
        return self.completed(self._vllm.canary.prompt)

    def completed(self, prompt: str) -> Result:
        """The canary of the agent, once, with another prompt."""
        asked = self._vllm.model_copy(update={"canary": self._vllm.canary.model_copy(update={"prompt": prompt})})
        record, begin = CanaryRecord(), time.monotonic()
        list(VllmCanary(CanaryPlan(self._service, self.patience), asked, record).read())
        seconds = time.monotonic() - begin
        found = record.last(time.monotonic(), float("inf"))
        if found is None:
            return not_checked("it asks for a key, and none is configured")
        if found.reason == "saturated":
            return note(f"no completion within {self.patience:g} s: all its slots are busy, and requests wait")
        if found.reason:
            return failed(
                f"a completion of {self._vllm.canary.max_tokens} tokens failed: {found.reason}",
                self._mend(found.reason),
            )
        return well(f"{self._vllm.canary.max_tokens} tokens at most in {seconds:.2f} s")

    def _mend(self, reason: str) -> str:
        if reason in _SLOW:
            return (
                f"/health answers and no token comes: see docs/runbooks/VllmStalled.md, the log on {self._home}, and"
                " restart vLLM"
            )
        return f"see the log of vLLM on {self._home}, and docs/vllm.md for what {reason} means"

    def _page(self) -> str:
        return self._vllm.metrics_url or f"{self._vllm.url.rstrip('/')}/metrics"

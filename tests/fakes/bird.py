"""A canary with its clock and its record, and what one run of it found."""

from typing import Any

from exporters.canary_record import CanaryRecord
from exporters.vllm_canary import CanaryPlan, VllmCanary
from ragpulse.services import Canary, Vllm
from tests.fakes.clocks import Standing
from tests.fakes.readings import by_series, failures
from tests.fakes.watched import PATIENT


class Bird:
    def __init__(self, url: str, timeout: float = PATIENT, *, canary: Canary | None = None, **more: Any) -> None:
        self.clock = Standing()
        self.record = CanaryRecord()
        service = Vllm(kind="vllm", nodes=("sark",), url=url, canary=canary or Canary(), **more)
        look = CanaryPlan("vllm", timeout, ttft=2.0, itl=0.1)
        self.source = VllmCanary(look, service, self.record, self.clock.clocks)

    def sing(self) -> str:
        """What one run found: a reason, or empty."""
        before = failures(self.source.counters())
        self.enabled = by_series(self.source.read())['ragpulse_vllm_canary_enabled{service="vllm"}']
        after = failures(self.source.counters())
        new = [reason for (_, reason), count in after.items() if count != before.get(("canary", reason), 0)]
        found = self.record.last(self.clock.clocks.awake(), 0.0)
        assert [found.reason if found else ""] == (new or [""])
        return new[0] if new else ""

    def counted(self) -> dict[str, float]:
        return by_series(self.source.counters())

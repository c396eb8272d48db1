"""What the operator promises: each target with its objective, judged from good and total events or seconds."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ragpulse.model import Duration, Part, Ratio, TokenRate

# The checks whose response time may be promised, by kind of service. `inter_token` is read from vLLM's own
# histogram of user traffic; the others are probe requests of ours.
RESPONSE_CHECKS: dict[str, tuple[str, ...]] = {
    "chroma": ("heartbeat", "ready", "query"),
    "memory": ("health", "ready", "search"),
    "vllm": ("inter_token", "end_to_end"),
    "http": ("response",),
}
# vLLM's end-to-end histogram begins here: what is faster cannot be told apart.
_VLLM_LOWEST_END_TO_END = 0.3


class Availability(Part):
    objective: Ratio = 0.999
    window: Duration = 30 * 86400.0


class ResponseTime(Part):
    below: Duration = 0.1
    objective: Ratio = 0.99
    of: dict[str, str] = {"chroma": "query", "memory": "search", "vllm": "inter_token", "http": "response"}

    @field_validator("of")
    @classmethod
    def _known_checks(cls, of: dict[str, str]) -> dict[str, str]:
        for kind, check in of.items():
            if kind not in RESPONSE_CHECKS:
                raise ValueError(f"{kind!r} has no response time; kinds that have: {', '.join(RESPONSE_CHECKS)}")
            if check not in RESPONSE_CHECKS[kind]:
                raise ValueError(f"{kind} has no check {check!r}; it has: {', '.join(RESPONSE_CHECKS[kind])}")
        return of

    @model_validator(mode="after")
    def _measurable(self) -> "ResponseTime":
        if self.of.get("vllm") == "end_to_end" and self.below < _VLLM_LOWEST_END_TO_END:
            raise ValueError(
                f"vLLM's end-to-end histogram starts at 300 ms, so {self.below * 1000:g} ms cannot be judged; "
                "use inter_token here, or a `below` of at least 300ms"
            )
        return self


class TimeToFirstToken(Part):
    below: Duration = 2.0
    objective: Ratio = 0.95


class Throughput(Part):
    at_least: TokenRate = 1000.0
    tokens: Literal["generated"] = "generated"
    objective: Ratio = 0.95


class GpuUtilization(Part):
    low: Annotated[float, Field(gt=0, lt=1, strict=False)] = 0.8
    high: Annotated[float, Field(gt=0, le=1, strict=False)] = 0.9

    @model_validator(mode="after")
    def _ordered(self) -> "GpuUtilization":
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must be below high ({self.high:g})")
        return self


class Targets(Part):
    """Each target has the default of the design; `null` (or `~`) switches one off."""

    availability: Availability | None = Availability()
    response_time: ResponseTime | None = ResponseTime()
    time_to_first_token: TimeToFirstToken | None = TimeToFirstToken()
    throughput: Throughput | None = Throughput()
    gpu_utilization: GpuUtilization | None = GpuUtilization()

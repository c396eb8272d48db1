"""What the operator promises: each target with its objective, judged from good and total events or seconds."""

from typing import Annotated, Literal

from pydantic import Field

from ragpulse.model import Duration, Part, Ratio, TokenRate

# The checks whose response time may be promised, by kind of service. `inter_token` is read from vLLM's own
# histogram of user traffic; the others are probe requests of ours.
RESPONSE_CHECKS: dict[str, tuple[str, ...]] = {
    "chroma": ("heartbeat", "ready", "query"),
    "memory": ("health", "ready", "search"),
    "vllm": ("inter_token", "end_to_end"),
    "http": ("response",),
    "rag": ("path",),
}
# vLLM's end-to-end histogram begins here: what is faster cannot be told apart.
VLLM_LOWEST_END_TO_END = 0.3

USUAL_WINDOW = 30 * 86400.0


class Availability(Part):
    objective: Ratio = 0.999
    """share of the readiness probes, from other nodes, that must be answered"""
    window: Duration = USUAL_WINDOW
    """time over which the objective is promised: what it allows to fail in that time is the error budget"""


class ResponseTime(Part):
    below: Duration = 0.1
    """time within which an answer must come"""
    objective: Ratio = 0.99
    """share of the answers within it"""
    window: Duration | None = None
    """time over which the objective is promised (default: `availability.window`)"""
    of: dict[str, str] = {"chroma": "query", "memory": "search", "vllm": "inter_token", "http": "response"}
    """by kind of service the check that is judged; for vLLM `inter_token` of its own histogram, or `end_to_end` from
    300ms on; a rag path has `within` of its own
    """


class TimeToFirstToken(Part):
    below: Duration = 2.0
    """time within which vLLM must begin to answer, judged at the edge of its histogram at or below it"""
    objective: Ratio = 0.95
    """share of the requests within it"""
    window: Duration | None = None
    """time over which the objective is promised (default: `availability.window`)"""


class Throughput(Part):
    at_least: TokenRate = 1000.0
    """tokens per second in which requests waited"""
    tokens: Literal["generated"] = "generated"
    """which tokens are counted"""
    objective: Ratio = 0.95
    """share of demand time in which it is reached, as the error budget counts it; the verdict is the mean of minutes"""


class GpuUtilization(Part):
    low: Annotated[float, Field(gt=0, lt=1)] = 0.8
    """busy share of the GPUs while requests wait, at least"""
    high: Annotated[float, Field(gt=0, le=1)] = 0.9
    """upper end of the band: a mean of one hour above it is told as no headroom"""


class Targets(Part):
    """Each target has the default of the design; `null` (or `~`) switches one off."""

    availability: Availability | None = Availability()
    """can the services do their work"""
    response_time: ResponseTime | None = ResponseTime()
    """do they answer in time"""
    time_to_first_token: TimeToFirstToken | None = TimeToFirstToken()
    """does vLLM begin to answer in time"""
    throughput: Throughput | None = Throughput()
    """does vLLM generate enough while requests wait"""
    gpu_utilization: GpuUtilization | None = GpuUtilization()
    """are the GPUs busy while requests wait"""

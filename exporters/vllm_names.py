"""What does vLLM call each metric of our catalogue? One table: canonical × names × versions × where it comes from.

Names stand without what surrounds them: without a prefix (`PREFIXES`: a server's, and Ray's before and after vLLM
0.10) and, for a counter, without `_total`. Of an entry's names the first that is there with the right type counts,
never their sum: for a while the old name stands beside the new one with equal numbers. `first` and `last`: the wheels
(`VERSIONS`) between which a name was found in the source; in any of them it may need an option, or be hidden without
one.

Not here: gauges of throughput (gone since 0.7; a rate of the token counters says it better) and V0's gauges of hit
rates, out of which no counter can be made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ragpulse.catalogue import vllm
from ragpulse.metric import Metric

PREFIXES = ("vllm:", "vllm_", "ray_vllm_", "ray_vllm:")
MODEL_LABEL = "model_name"
ENGINE_LABEL = "engine"
SINGLE_ENGINE = "0"  # of a server that does not say which of its engines a series is of
PROCESS_LABELS = ("WorkerId", "ReplicaId")  # of Ray, whose page shows many processes with an engine 0 each

VERSIONS = (
    "0.8.5", "0.9.0.1", "0.9.1", "0.9.2", "0.10.0", "0.10.1", "0.10.2", "0.11.0", "0.11.1", "0.11.2", "0.12.0",
    "0.13.0", "0.14.0", "0.15.0", "0.16.0", "0.17.0", "0.18.0", "0.19.0", "0.20.0", "0.22.0", "0.24.0", "0.26.0",
    "0.28.0", "0.31.0", "0.32.0",
)  # fmt: skip
FIRST, LAST = VERSIONS[0], VERSIONS[-1]


class Name(NamedTuple):
    name: str
    first: str = FIRST
    last: str = LAST


@dataclass(frozen=True, slots=True)
class Row:
    """Where an entry comes from. `labels`: those besides service, model and engine, our name → theirs.

    `source`: `engine`: its statistics; `config`: a label (`value`) of an info metric; `http` and `process`: libraries
    inside the API server, whose names have no prefix (on Ray's pages the same names are about Ray). `engine`: that of a
    series which names none. `only`: what it takes to be there.
    """

    names: tuple[Name, ...]
    source: Literal["engine", "config", "http", "process"] = "engine"
    labels: Mapping[str, str] = field(default_factory=dict)
    value: str = ""
    engine: str = SINGLE_ENGINE
    only: str = ""

    @property
    def has_prefix(self) -> bool:
        return self.source in ("engine", "config")


def _one(name: str, first: str = FIRST, only: str = "", **labels: str) -> Row:
    return Row((Name(name, first),), labels=labels, only=only)


_CONFIG = (Name("cache_config_info"),)

FAMILIES: dict[Metric, Row] = {
    vllm.GENERATION_TOKENS: _one("generation_tokens"),
    vllm.PROMPT_TOKENS: _one("prompt_tokens"),
    vllm.PROMPT_TOKENS_CACHED: _one("prompt_tokens_cached", "0.16.0"),
    vllm.REQUESTS_RUNNING: _one("num_requests_running"),
    vllm.REQUESTS_WAITING: _one("num_requests_waiting"),
    vllm.REQUESTS_FINISHED: _one("request_success", reason="finished_reason"),
    vllm.PREEMPTIONS: _one("num_preemptions"),
    vllm.REJECTIONS: Row((Name("admission_rejections", "0.32.0"),), labels={"reason": "reason"}, engine=""),
    vllm.CORRUPTED_REQUESTS: _one("corrupted_requests", "0.11.1", "when the server looks for NaN"),
    vllm.KV_CACHE_USAGE: Row((Name("kv_cache_usage_perc", "0.9.2"), Name("gpu_cache_usage_perc", FIRST, "0.11.2"))),
    vllm.CACHE_BLOCKS: Row(_CONFIG, "config", value="num_gpu_blocks"),
    vllm.CACHE_BLOCK_SIZE: Row(_CONFIG, "config", value="block_size"),
    vllm.PREFIX_CACHE_QUERIES: Row(
        (Name("prefix_cache_queries", "0.9.2"), Name("gpu_prefix_cache_queries", FIRST, "0.11.2"))
    ),
    vllm.PREFIX_CACHE_HITS: Row((Name("prefix_cache_hits", "0.9.2"), Name("gpu_prefix_cache_hits", FIRST, "0.11.2"))),
    vllm.DRAFT_TOKENS: _one("spec_decode_num_draft_tokens", only="with speculative decoding"),
    vllm.ACCEPTED_TOKENS: _one("spec_decode_num_accepted_tokens", only="with speculative decoding"),
    vllm.TTFT: _one("time_to_first_token_seconds"),
    vllm.ITL: Row(
        (Name("inter_token_latency_seconds", "0.10.2"), Name("time_per_output_token_seconds", FIRST, "0.14.0"))
    ),
    vllm.REQUEST_TPOT: _one("request_time_per_output_token_seconds", "0.11.0"),
    vllm.E2E: _one("e2e_request_latency_seconds"),
    vllm.QUEUE_TIME: Row((Name("request_queue_time_seconds"), Name("time_in_queue_requests", FIRST, "0.9.0.1"))),
    vllm.PREFILL_TIME: _one("request_prefill_time_seconds"),
    vllm.DECODE_TIME: _one("request_decode_time_seconds"),
    vllm.TOKENS_PER_STEP: _one("iteration_tokens_total"),  # a histogram, in spite of its name
    vllm.HTTP_REQUESTS: Row(
        (Name("http_requests"),), "http", {label: label for label in ("handler", "method", "status")}, only="with V1"
    ),
    vllm.STARTED: Row((Name("process_start_time_seconds"),), "process", only="with one API server"),
}

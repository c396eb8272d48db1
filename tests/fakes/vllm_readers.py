"""Two readers of a vLLM page, ours and one of regular expressions alone: name and labels of each series → value."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from exporters.vllm_page import VllmPage

Series = tuple[str, tuple[tuple[str, str], ...]]


_ENGINE: Mapping[str, str] = {"model_name": "model", "engine": "engine"}


class Theirs(NamedTuple):
    """What stands in the page for a metric of ours: its kind, its names without a prefix, the best first.

    `labels`: theirs → ours. `value`: the label that holds it. `engine`: that of a line that names none.
    """

    kind: str
    names: tuple[str, ...]
    labels: Mapping[str, str] = _ENGINE
    value: str = ""
    engine: str = "0"


# Written down a second time on purpose.
THEIRS = {
    "ragpulse_vllm_generation_tokens_total": Theirs("counter", ("generation_tokens_total",)),
    "ragpulse_vllm_prompt_tokens_total": Theirs("counter", ("prompt_tokens_total",)),
    "ragpulse_vllm_prompt_tokens_cached_total": Theirs("counter", ("prompt_tokens_cached_total",)),
    "ragpulse_vllm_requests_running": Theirs("gauge", ("num_requests_running",)),
    "ragpulse_vllm_requests_waiting": Theirs("gauge", ("num_requests_waiting",)),
    "ragpulse_vllm_requests_finished_total": Theirs(
        "counter", ("request_success_total",), {**_ENGINE, "finished_reason": "reason"}
    ),
    "ragpulse_vllm_preemptions_total": Theirs("counter", ("num_preemptions_total",)),
    "ragpulse_vllm_admission_rejections_total": Theirs(
        "counter", ("admission_rejections_total",), {**_ENGINE, "reason": "reason"}, engine=""
    ),
    "ragpulse_vllm_corrupted_requests_total": Theirs("counter", ("corrupted_requests_total",)),
    "ragpulse_vllm_kv_cache_usage_ratio": Theirs("gauge", ("kv_cache_usage_perc", "gpu_cache_usage_perc")),
    "ragpulse_vllm_kv_cache_blocks": Theirs("gauge", ("cache_config_info",), {"engine": "engine"}, "num_gpu_blocks"),
    "ragpulse_vllm_kv_cache_block_tokens": Theirs("gauge", ("cache_config_info",), {"engine": "engine"}, "block_size"),
    "ragpulse_vllm_prefix_cache_queries_total": Theirs(
        "counter", ("prefix_cache_queries_total", "gpu_prefix_cache_queries_total")
    ),
    "ragpulse_vllm_prefix_cache_hits_total": Theirs(
        "counter", ("prefix_cache_hits_total", "gpu_prefix_cache_hits_total")
    ),
    "ragpulse_vllm_spec_decode_draft_tokens_total": Theirs("counter", ("spec_decode_num_draft_tokens_total",)),
    "ragpulse_vllm_spec_decode_accepted_tokens_total": Theirs("counter", ("spec_decode_num_accepted_tokens_total",)),
    "ragpulse_vllm_time_to_first_token_seconds": Theirs("histogram", ("time_to_first_token_seconds",)),
    "ragpulse_vllm_inter_token_latency_seconds": Theirs(
        "histogram", ("inter_token_latency_seconds", "time_per_output_token_seconds")
    ),
    "ragpulse_vllm_request_time_per_output_token_seconds": Theirs(
        "histogram", ("request_time_per_output_token_seconds",)
    ),
    "ragpulse_vllm_e2e_request_latency_seconds": Theirs("histogram", ("e2e_request_latency_seconds",)),
    "ragpulse_vllm_request_queue_time_seconds": Theirs(
        "histogram", ("request_queue_time_seconds", "time_in_queue_requests")
    ),
    "ragpulse_vllm_request_prefill_time_seconds": Theirs("histogram", ("request_prefill_time_seconds",)),
    "ragpulse_vllm_request_decode_time_seconds": Theirs("histogram", ("request_decode_time_seconds",)),
    "ragpulse_vllm_iteration_tokens": Theirs("histogram", ("iteration_tokens_total",)),
    "ragpulse_vllm_http_requests_total": Theirs(
        "counter", ("http_requests_total",), {name: name for name in ("handler", "method", "status")}
    ),
    "ragpulse_vllm_process_start_timestamp_seconds": Theirs("gauge", ("process_start_time_seconds",), {}),
}
LINE = re.compile(r"([a-z0-9_:]+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_PREFIX = re.compile(r"^(# TYPE )?(?:ray_)?vllm[:_]", re.MULTILINE)
_TYPE = re.compile(r"^# TYPE (\S+) (\w+)$", re.MULTILINE)


def second_reader(text: str) -> dict[Series, float]:
    """Our name and labels of each mapped line."""
    lines = defaultdict(list)
    for line in _plain(text).splitlines():
        if match := LINE.fullmatch(line):
            lines[match[1]].append(match)
    found: dict[Series, float] = {}
    for ours, theirs in THEIRS.items():
        ends = ("_bucket", "_sum", "_count") if theirs.kind == "histogram" else ("",)
        for name in _names_of_the_right_type(text, theirs):
            new = [series for end in ends for line in lines[name + end] for series in _series(ours + end, theirs, line)]
            if new:
                found.update(new)
                break
    return found


def offered_by(text: str) -> dict[str, bool]:
    return {ours: any(_names_of_the_right_type(text, theirs)) for ours, theirs in THEIRS.items()}


def first_reader(text: str) -> dict[Series, float]:
    found = {}
    for sample in VllmPage(text).samples("vllm"):
        labels = dict(zip(sample.metric.labels, sample.labels, strict=True))
        assert labels.pop("service") == "vllm"
        if sample.le:
            labels["le"] = sample.le
        found[sample.metric.name + sample.suffix, tuple(sorted(labels.items()))] = sample.value
    return found


def with_numbers_of_their_own(text: str) -> str:
    """No two families of vLLM have the same numbers any more, so that a wrong one shows. Histograms still add up."""
    families: dict[str, int] = {}

    def moved(match: re.Match[str]) -> str:
        name = re.sub(r"_(bucket|sum|count)$", "", match[1])
        step = families.setdefault(name, len(families) + 1)
        return f"{match[1]}{match[2]} {float(match[3]) + 1000 * step}"

    return re.sub(r"^((?:ray_)?vllm[:_]\w+)(\{.*\}) (\S+)$", moved, text, flags=re.MULTILINE)


def _plain(text: str) -> str:
    return _PREFIX.sub(r"\1", text)


def _names_of_the_right_type(text: str, theirs: Theirs) -> Iterator[str]:
    types = dict(_TYPE.findall(_plain(text)))
    if "# TYPE ray_" in text and theirs.names[0] in ("http_requests_total", "process_start_time_seconds"):
        return  # Ray's own
    for name in theirs.names:
        declared = types.get(name) or types.get(name.removesuffix("_total"))
        if (name == "iteration_tokens_total" and f"{name}_bucket" in text) or declared == theirs.kind:
            yield name


def _series(ours: str, theirs: Theirs, line: re.Match[str]) -> Iterator[tuple[Series, float]]:
    said = dict(_LABEL.findall(line[2] or ""))
    labels = {our: said.get(their, theirs.engine if their == "engine" else "") for their, our in theirs.labels.items()}
    if "engine" in labels and said.get("WorkerId"):
        labels["engine"] += "@" + said["WorkerId"]
    if "le" in said:
        labels["le"] = said["le"]
    value = said[theirs.value] if theirs.value else line[3]
    if value != "None":
        yield (ours, tuple(sorted(labels.items()))), float(value)

"""Two readers of a vLLM page, ours and one of regular expressions alone: name and labels of each series → value."""

import re

from exporters.vllm_page import VllmPage

# Written down a second time on purpose: what stands in the page for each of our metrics.
THEIRS = {
    "ragpulse_vllm_generation_tokens_total": "vllm:generation_tokens_total",
    "ragpulse_vllm_prompt_tokens_total": "vllm:prompt_tokens_total",
    "ragpulse_vllm_requests_running": "vllm:num_requests_running",
    "ragpulse_vllm_requests_waiting": "vllm:num_requests_waiting",
    "ragpulse_vllm_preemptions_total": "vllm:num_preemptions_total",
    "ragpulse_vllm_kv_cache_usage_ratio": "vllm:kv_cache_usage_perc",
    "ragpulse_vllm_time_to_first_token_seconds": "vllm:time_to_first_token_seconds",
    "ragpulse_vllm_inter_token_latency_seconds": "vllm:inter_token_latency_seconds",
    "ragpulse_vllm_e2e_request_latency_seconds": "vllm:e2e_request_latency_seconds",
    "ragpulse_vllm_request_queue_time_seconds": "vllm:request_queue_time_seconds",
    "ragpulse_vllm_requests_finished_total": "vllm:request_success_total",
}
LINE = re.compile(r"(vllm:[a-z0-9_]+)\{(.*)\} (\S+)")
_LABEL = re.compile(r'([a-z_]+)="([^"]*)"')
Series = tuple[str, tuple[tuple[str, str], ...]]


def second_reader(text: str) -> dict[Series, float]:
    """Our name and labels of each mapped line, by regular expressions alone."""
    ours = {
        theirs + suffix: name + suffix
        for name, theirs in THEIRS.items()
        for suffix in ("", "_bucket", "_sum", "_count")
    }
    rename = {"model_name": "model", "finished_reason": "reason", "engine": "engine", "le": "le"}
    found = {}
    for line in text.splitlines():
        if (match := LINE.fullmatch(line)) and match[1] in ours:
            labels = sorted((rename[name], value) for name, value in _LABEL.findall(match[2]))
            found[ours[match[1]], tuple(labels)] = float(match[3])
    return found


def first_reader(text: str) -> dict[Series, float]:
    found = {}
    for sample in VllmPage(text).samples("vllm"):
        labels = dict(zip(sample.metric.labels, sample.labels, strict=True))
        assert labels.pop("service") == "vllm"
        if sample.le:
            labels["le"] = sample.le
        found[sample.metric.name + sample.suffix, tuple(sorted(labels.items()))] = sample.value
    return found

"""All rules at once over a cluster in which nothing is broken: what would a person have heard?"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.fakes.binaries import each_generation
from tests.fakes.rule_tests import run_promtool

STEP = 30  # seconds between two values of a series
ENGINE = 'service="vllm",model="m",engine="0",node="alpha"'
TTFT, ITL = "ragpulse_vllm_time_to_first_token_seconds", "ragpulse_vllm_inter_token_latency_seconds"


def at_rest(steps: int) -> dict[str, str]:
    """Everything answers, canaries are good, nobody asks for anything: name of a series → its values."""
    up, down, grows = f"1x{steps}", f"0x{steps}", f"0+3x{steps}"
    constant = {
        'up{job="ragpulse-agent",node="alpha"}': up,
        'up{job="ragpulse-agent",node="beta"}': up,
        'up{job="prometheus",node="alpha"}': up,
        'up{job="alertmanager",node="alpha"}': up,
        'prometheus_notifications_alertmanagers_discovered{node="alpha"}': up,
        'ragpulse_config_last_reload_successful{node="alpha"}': up,
        'ragpulse_gpu_up{gpu="0",node="alpha"}': up,
        'ragpulse_gpu_busy_seconds_total{gpu="0",node="alpha"}': down,
        'ragpulse_node_memory_total_bytes{node="alpha"}': f"120e9x{steps}",
        'ragpulse_node_memory_available_bytes{node="alpha"}': f"60e9x{steps}",
        'ragpulse_vllm_info{service="vllm",version="0.32.0",node="alpha"}': up,
        f'ragpulse_vllm_metric_offered{{service="vllm",metric="{TTFT}",node="alpha"}}': up,
        'ragpulse_vllm_stats_disabled{service="vllm",node="alpha"}': down,
        'ragpulse_vllm_canary_enabled{service="vllm",node="beta"}': up,
        'ragpulse_vllm_state{service="vllm",state="serving",node="alpha"}': up,
        'ragpulse_vllm_state{service="vllm",state="saturated",node="alpha"}': down,
        'ragpulse_vllm_state{service="vllm",state="stalled",node="alpha"}': down,
        'ragpulse_vllm_demand_seconds_total{service="vllm",node="alpha"}': down,
        'ragpulse_vllm_demand_generation_tokens_total{service="vllm",node="alpha"}': down,
        f"ragpulse_vllm_kv_cache_usage_ratio{{{ENGINE}}}": down,
        f"ragpulse_vllm_preemptions_total{{{ENGINE}}}": down,
        f'{TTFT}_bucket{{{ENGINE},le="1.0"}}': f"7x{steps}",
        f"{TTFT}_count{{{ENGINE}}}": f"9x{steps}",
        f'{ITL}_bucket{{{ENGINE},le="0.1"}}': f"7x{steps}",
        f"{ITL}_count{{{ENGINE}}}": f"9x{steps}",
        'ragpulse_vllm_http_requests_total{service="vllm",handler="/v1/completions",status="5xx"}': f"9x{steps}",
        'ragpulse_probe_failures_total{service="vllm",check="canary",reason="saturated",node="beta"}': down,
        'ragpulse_probe_failures_total{service="vllm",check="canary",reason="timeout",node="beta"}': down,
        'ragpulse_source_runs_total{source="canary:vllm",result="deadline",node="beta"}': down,
    }
    growing = {
        'ragpulse_gpu_observed_seconds_total{gpu="0",node="alpha"}': f"0+{STEP}x{steps}",
        'ragpulse_vllm_http_requests_total{service="vllm",handler="/v1/completions",status="2xx"}': grows,
        'ragpulse_probe_requests_total{service="vllm",check="canary",node="beta"}': grows,
        'ragpulse_probe_requests_total{service="vllm",check="ready",node="beta"}': grows,
        'ragpulse_source_runs_total{source="canary:vllm",result="ok",node="beta"}': grows,
    }
    services = {
        f'ragpulse_service_{what}{{service="{name}",node="{node}"}}': up
        for name, node in (("vllm", "beta"), ("chroma", "beta"), ("memory", "alpha"))
        for what in ("up", "ready")
    }
    return constant | growing | services


def saturated() -> dict[str, str]:
    """Ten minutes at rest, thirty in which the queue never empties, then rest again."""

    def meanwhile(each_step: float) -> str:
        return f"0x20 {each_step:g}+{each_step:g}x59 {60 * each_step:g}x120"

    return at_rest(200) | {
        'ragpulse_gpu_busy_seconds_total{gpu="0",node="alpha"}': meanwhile(28.5),
        'ragpulse_vllm_state{service="vllm",state="serving",node="alpha"}': "1x20 0x59 1x120",
        'ragpulse_vllm_state{service="vllm",state="saturated",node="alpha"}': "0x20 1x59 0x120",
        'ragpulse_vllm_demand_seconds_total{service="vllm",node="alpha"}': meanwhile(STEP),
        'ragpulse_vllm_demand_generation_tokens_total{service="vllm",node="alpha"}': meanwhile(1200 * STEP),
        f"ragpulse_vllm_kv_cache_usage_ratio{{{ENGINE}}}": "0x20 0.99x59 0x120",
        f"ragpulse_vllm_preemptions_total{{{ENGINE}}}": meanwhile(5),
        f'{TTFT}_bucket{{{ENGINE},le="1.0"}}': "0x200",
        f"{TTFT}_count{{{ENGINE}}}": meanwhile(40),
        f'{ITL}_bucket{{{ENGINE},le="0.1"}}': meanwhile(9),
        f"{ITL}_count{{{ENGINE}}}": meanwhile(10),
        'ragpulse_probe_failures_total{service="vllm",check="canary",reason="saturated",node="beta"}': meanwhile(3),
    }


def ask(
    series: Mapping[str, str], every: str, answers: list[tuple[str, str, list[Any]]], generation: int, folder: Path
) -> None:
    """`every`: how often rules are evaluated. answers: (time, expression, samples)."""
    cases = [{"eval_time": time, "expr": expression, "exp_samples": samples} for time, expression, samples in answers]
    test = {
        "interval": f"{STEP}s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": cases,
    }
    document = {"rule_files": ["rules/*.yml"], "evaluation_interval": every, "tests": [test]}
    run_promtool(json.dumps(document), generation, folder)


@each_generation
def test_thirty_minutes_of_too_much_demand_are_no_page_and_one_ticket(generation: int, tmp_path: Path) -> None:
    told = 'ALERTS{alertstate="firing",severity="%s"}'
    ticket = 'ALERTS{alertname="VllmSaturated",alertstate="firing"}'
    ask(
        saturated(),
        "30s",
        [
            ("100m", f"count_over_time(count({told % 'page'})[100m:30s])", []),
            (
                "100m", f"count by (alertname) (count_over_time({told % 'ticket'}[100m]))",
                [{"labels": '{alertname="VllmSaturated"}', "value": 1}],
            ),
            # It comes once and goes once.
            ("20m", ticket, []),
            ("40m", f"count_over_time(count({ticket})[18m:30s]) >= bool 36", [{"value": 1}]),
            ("45m", f"count_over_time(count({ticket})[2m:30s])", []),
            # The verdict of the target that is missed for it is what it is, and nothing is down.
            ("40m", 'max(ragpulse:slo_met:bool5m{slo="time_to_first_token"})', [{"value": 0}]),
            ("40m", 'max(ragpulse:component_state{component="vllm"})', [{"value": 3}]),
        ],
        generation,
        tmp_path,
    )  # fmt: skip


@each_generation
def test_a_day_without_any_user_is_silent(generation: int, tmp_path: Path) -> None:
    """Nothing changes in it, so a look each five minutes sees all there is to see."""
    ask(
        at_rest(24 * 3600 // STEP),
        "5m",
        [
            ("24h", "count by (alertname) (count_over_time(ALERTS[24h]))", [
                {"labels": '{alertname="Watchdog"}', "value": 1},
            ]),
            ("24h", 'max(ragpulse:slo_met:bool5m{slo="availability",service="vllm"})', [{"value": 1}]),
            ("24h", 'ragpulse:slo_met:bool5m{slo=~"time_to_first_token|throughput|gpu_utilization"}', []),
        ],
        generation,
        tmp_path,
    )  # fmt: skip

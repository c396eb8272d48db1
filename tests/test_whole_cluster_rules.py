"""All rules at once over a cluster in which nothing is broken: what would a person have heard?"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ragpulse.catalogue import BY_NAME
from ragpulse.vantage import canary_nodes, vantages
from tests.fakes.binaries import each_generation
from tests.fakes.resting_cluster import at_rest, changed, one_probe_lost
from tests.fakes.resting_services import CLUSTER, ENGINE, ITL, TTFT
from tests.fakes.rule_cases import ALERT_SERIES, reads
from tests.fakes.rule_tests import all_rules, run_promtool

STEP = 30  # seconds between two values of a series
DAY = 24 * 3600
# Of what is wrong, and only then, as the catalogue says of each.
ABSENT_AT_REST = {
    "ragpulse_backup_failure": "no series for one that did not",
    "ragpulse_gpu_unavailable": "there only while it is so",
}


def test_at_rest_there_is_every_series_that_any_rule_reads() -> None:
    rules = all_rules(CLUSTER)
    made = {rule["record"] for rule in rules if "record" in rule} | set(ALERT_SERIES)
    there = [
        (each.name, {label: value for label, _, value in each.labels})
        for name in at_rest(1, STEP)
        for each in reads(name)
    ]
    lacking = {
        asked
        for rule in rules
        for asked in reads(rule["expr"])
        if asked.name not in made | ABSENT_AT_REST.keys()
        and not any(
            name == asked.name and asked.fits(dict.fromkeys((label for label, _, _ in asked.labels), "") | labels)
            for name, labels in there
        )
    }
    assert not lacking


def test_what_is_absent_at_rest_is_so_by_the_catalogue() -> None:
    for name, words_of_it in ABSENT_AT_REST.items():
        assert words_of_it in BY_NAME[name].help
        assert not [series for series in at_rest(1, STEP) if series.startswith(name)]


def saturated() -> dict[str, str]:
    """Ten minutes at rest, thirty in which the queue never empties, then rest again."""

    def meanwhile(each_step: float) -> str:
        return f"0x20 {each_step:g}+{each_step:g}x59 {60 * each_step:g}x120"

    def but_then(each_step: float) -> str:
        """It goes on all the time, but not then."""
        return f"0+{each_step:g}x20 {20 * each_step:g}x59 {20 * each_step:g}+{each_step:g}x120"

    canaries: dict[str, str] = {}
    for node in canary_nodes(CLUSTER, "vllm"):
        of = f'service="vllm",check="canary",reason="saturated",node="{node}"'
        canaries[f"ragpulse_probe_failures_total{{{of}}}"] = meanwhile(3)
        for metric, edge, tokens in ((TTFT, "1.0", 1), (ITL, "0.1", 7)):
            name = f"ragpulse_vllm_canary_{metric}"
            canaries[f'{name}_bucket{{service="vllm",node="{node}",le="{edge}"}}'] = but_then(3 * tokens)
            canaries[f'{name}_count{{service="vllm",node="{node}"}}'] = but_then(3 * tokens)
    gpus: dict[str, str] = {}
    for node in CLUSTER.nodes:
        of = f'gpu="0",node="{node}"'
        gpus[f"ragpulse_gpu_busy_seconds_total{{{of}}}"] = meanwhile(28.5)
        # A GPU that works is as fast as it can be, and so is its link.
        for name, idle, busy in (
            ('gpu_clock_hertz{clock="sm",', 345e6, 1980e6),
            ('gpu_pcie_link_lanes{of="current",', 8, 16),
            ('gpu_pcie_link_generation{of="current",', 1, 5),
        ):
            gpus[f"ragpulse_{name}{of}}}"] = f"{idle:.12g}x20 {busy:.12g}x59 {idle:.12g}x120"
    stage = f'service="rag",stage="chat",node="{vantages(CLUSTER, "rag")[0]}"'
    return changed(
        at_rest(200, STEP),
        {
            'ragpulse_vllm_state{service="vllm",state="serving",node="alpha"}': "1x20 0x59 1x120",
            'ragpulse_vllm_state{service="vllm",state="saturated",node="alpha"}': "0x20 1x59 0x120",
            'ragpulse_vllm_demand_seconds_total{service="vllm",node="alpha"}': meanwhile(STEP),
            'ragpulse_vllm_demand_within_target_seconds_total{service="vllm",node="alpha"}': meanwhile(STEP),
            'ragpulse_vllm_demand_generation_tokens_total{service="vllm",node="alpha"}': meanwhile(1200 * STEP),
            f"ragpulse_vllm_kv_cache_usage_ratio{{{ENGINE}}}": "0x20 0.99x59 0x120",
            f"ragpulse_vllm_preemptions_total{{{ENGINE}}}": meanwhile(5),
            f'ragpulse_vllm_{TTFT}_bucket{{{ENGINE},le="1.0"}}': "0x200",
            f"ragpulse_vllm_{TTFT}_count{{{ENGINE}}}": meanwhile(40),
            f'ragpulse_vllm_{ITL}_bucket{{{ENGINE},le="0.1"}}': meanwhile(9),
            f"ragpulse_vllm_{ITL}_count{{{ENGINE}}}": meanwhile(10),
            # The path waits for the engine as everybody does.
            f"ragpulse_rag_stage_duration_seconds_sum{{{stage}}}": "0+0.5x20 10+4x59 250+0.5x120",
            **gpus,
            **canaries,
        },
    )


def ask(
    series: Mapping[str, str],
    every: str,
    answers: list[tuple[str, str, list[Any]]],
    generation: int,
    folder: Path,
    *,
    seconds: float = 300,
) -> None:
    """`every`: how often rules are evaluated. answers: (time, expression, samples)."""
    cases = [{"eval_time": time, "expr": expression, "exp_samples": samples} for time, expression, samples in answers]
    test = {
        "interval": f"{STEP}s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": cases,
    }
    document = {"rule_files": ["rules/*.yml"], "evaluation_interval": every, "tests": [test]}
    run_promtool(json.dumps(document), generation, folder, seconds=seconds)


@pytest.mark.parametrize(
    "generation",
    [pytest.param(-1, id="of the distribution"), pytest.param(0, id="the newest", marks=pytest.mark.proof)],
)
def test_thirty_minutes_of_too_much_demand_are_no_page_and_one_ticket(generation: int, tmp_path: Path) -> None:
    told = 'ALERTS{alertstate="firing",severity="%s"}'
    ticket = 'ALERTS{alertname="VllmSaturated",alertstate="firing"}'
    ask(
        saturated(),
        "30s",
        [
            ("100m", f"count by (alertname) (count_over_time({told % 'page'}[100m]))", []),
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


FIRED = f"count by (alertname) (count_over_time(ALERTS{{alertstate='firing'}}[{DAY}s]))"
ONLY_THE_WATCHDOG = [{"labels": '{alertname="Watchdog"}', "value": 1}]


def idle_day() -> dict[str, str]:
    """With one lost probe of each service at noon."""
    return one_probe_lost(at_rest(DAY // STEP, STEP), DAY // STEP // 2)


def test_a_day_without_any_user_is_silent_and_so_is_its_one_lost_probe(tmp_path: Path) -> None:
    ask(
        idle_day(),
        "5m",
        [
            ("24h", FIRED, ONLY_THE_WATCHDOG),
            # What is probed is judged all the same; what only users and their queue can tell is not.
            ("24h", "min by (slo) (ragpulse:slo_met:bool5m)", [
                {"labels": f'{{slo="{slo}"}}', "value": 1}
                for slo in ("availability", "response_time", "time_to_first_token")
            ]),
            ("24h", "min(ragpulse:component_state)", [{"value": 3}]),
            # The lost probe is counted.
            ("12h", 'min(ragpulse:component_state{component="chroma"})', [{"value": 1}]),
            ("12h", 'ragpulse:slo_value:rate5m{slo="availability",service="chroma"} < bool 0.98', [
                {"labels": '{check="ready",cluster="test",service="chroma",slo="availability"}', "value": 1},
            ]),
        ],
        0,
        tmp_path,
    )  # fmt: skip


@pytest.mark.proof  # two minutes
@each_generation
def test_so_it_is_when_one_looks_every_thirty_seconds(generation: int, tmp_path: Path) -> None:
    """Long enough, too, for a day's error budgets to be judged, of which five-minute looks measure too little."""
    measured = 'min(count_over_time(ragpulse:slo_events:rate1m{slo="availability"}[1d])) > bool 1440'
    ask(
        idle_day(),
        "30s",
        [("24h", FIRED, ONLY_THE_WATCHDOG), ("24h", measured, [{"value": 1}])],
        generation,
        tmp_path,
        seconds=1800,
    )

"""docs/vllm.md says nothing that is not so: its states are those of the catalogue, and what it asks has an answer.

Two engines, on two nodes: 100 tokens per second each, at 50 W per node.
"""

import re
import subprocess
from pathlib import Path

import yaml

from ragpulse.catalogue.vllm import STATES
from tests.fakes.binaries import binary
from tests.fakes.rule_tests import assert_names_exist

TEXT = (Path(__file__).parent.parent / "docs" / "vllm.md").read_text()
ASKED = TEXT.split("\n## What to ask\n")[1].split("```\n")[1]
EXPRESSIONS = re.findall(r"^[^#\s].*(?:\n .*)*", ASKED, re.MULTILINE)

_CLUSTER = 'cluster="c",service="vllm"'
_ENGINES = tuple(f'{{{_CLUSTER},node="sark",model="m",engine="{engine}"}}' for engine in "01")
_NODES = ("sark", "clu")
# Series → what it grows by in 10 s, for counters; else what it is.
_COUNTERS = {
    **{
        f"ragpulse_vllm_{name}{engine}": growth
        for engine in _ENGINES
        for name, growth in {
            "generation_tokens_total": 1000,
            "prompt_tokens_total": 4000,
            "time_to_first_token_seconds_count": 10,
            "inter_token_latency_seconds_count": 1000,
            "prefix_cache_hits_total": 1000,
            "prefix_cache_queries_total": 4000,
            "preemptions_total": 1,
            "request_queue_time_seconds_sum": 5,
            "request_queue_time_seconds_count": 10,
        }.items()
    },
    **{f'ragpulse_vllm_time_to_first_token_seconds_bucket{e[:-1]},le="2.5"}}': 9 for e in _ENGINES},
    **{f'ragpulse_vllm_inter_token_latency_seconds_bucket{e[:-1]},le="0.1"}}': 990 for e in _ENGINES},
    f'ragpulse_vllm_demand_generation_tokens_total{{{_CLUSTER},node="sark"}}': 1500,
    f'ragpulse_vllm_demand_seconds_total{{{_CLUSTER},node="sark"}}': 5,
    f'ragpulse_vllm_admission_rejections_total{{{_CLUSTER},node="sark",model="m",engine="",reason="full"}}': 2,
    f'ragpulse_vllm_http_requests_total{{{_CLUSTER},node="sark",handler="/v1",method="POST",status="5xx"}}': 3,
    f'ragpulse_vllm_canary_good_total{{{_CLUSTER},node="clu"}}': 0.9,
    f'ragpulse_probe_requests_total{{{_CLUSTER},node="clu",check="canary"}}': 1,
    **{f'ragpulse_gpu_energy_joules_total{{cluster="c",node="{node}",gpu="0"}}': 500 for node in _NODES},
}
_GAUGES = {
    **{f"ragpulse_vllm_kv_cache_usage_ratio{e}": usage for e, usage in zip(_ENGINES, (0.2, 0.7), strict=True)},
    # Each vantage says both nodes.
    **{
        f'ragpulse_service_node_info{{{_CLUSTER},node="{seen_from}",node_name="{node}"}}': 1
        for seen_from in _NODES
        for node in _NODES
    },
}
_ANSWERS = (
    200.0, 800.0, 300.0, 0.9, 0.99, 0.25, 0.2, 0.5, 0.3, 0.2, 0.3, 0.9,
    2.0,  # 200 tokens per second at 100 W
)  # fmt: skip


def test_the_table_of_states_has_every_state() -> None:
    section = TEXT.split("\n## What state it is in\n")[1].split("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(told) == sorted(STATES)


def test_what_is_asked_for_exists() -> None:
    assert_names_exist([{"expr": expression} for expression in EXPRESSIONS])


def test_what_is_asked_has_the_answer_that_the_series_hold(tmp_path: Path) -> None:
    growing = [{"series": series, "values": f"0+{growth}x400"} for series, growth in _COUNTERS.items()]
    standing = [{"series": series, "values": f"{value}x400"} for series, value in _GAUGES.items()]
    asked = [
        {"expr": asked, "eval_time": "65m", "exp_samples": [{"labels": "{}", "value": value}]}
        for expression, answer in zip(EXPRESSIONS, _ANSWERS, strict=True)
        for asked, value in ((f"round(sum({expression}), 0.001)", answer), (f"count({expression})", 1))
    ]
    test = {"interval": "10s", "input_series": growing + standing, "promql_expr_test": asked}
    (tmp_path / "test.yml").write_text(yaml.safe_dump({"tests": [test]}))
    ran = subprocess.run(
        [binary("promtool"), "test", "rules", "test.yml"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr

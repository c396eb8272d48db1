"""What the board shows of vLLM and Ray, asked of both generations of Prometheus."""

import json
from pathlib import Path
from typing import Any

import pytest

from dashboards import vllm_queries
from dashboards.render import boards
from ragpulse import cluster_file, yaml_file
from ragpulse.catalogue import vllm, vllm_canary
from tests.fakes.binaries import each_generation
from tests.fakes.board_panel import assert_shows

ENGINES = [f'{{service="llm",model="m",engine="{engine}"' for engine in ("0", "1")]
HTTP = '{service="llm",handler="/v1/completions",method="POST"'
# Two engines over ten minutes, one sample each 10 s; on their node a GPU that draws 100 W.
SERIES = {
    'ragpulse_vllm_state{service="llm",state="serving"': "1x30 0x40",
    'ragpulse_vllm_state{service="llm",state="stalled"': "0x30 1x40",
    f"ragpulse_vllm_generation_tokens_total{ENGINES[0]}": "0+2000x60",
    f"ragpulse_vllm_generation_tokens_total{ENGINES[1]}": "0+3000x60",
    f"ragpulse_vllm_kv_cache_usage_ratio{ENGINES[0]}": "0.25x60",
    f"ragpulse_vllm_kv_cache_usage_ratio{ENGINES[1]}": "0.5x60",
    f"ragpulse_vllm_prefix_cache_queries_total{ENGINES[0]}": "0+400x60",
    f"ragpulse_vllm_prefix_cache_hits_total{ENGINES[0]}": "0+100x60",
    'ragpulse_vllm_prefix_cache_queries_total{service="idle",model="m",engine="0"': "7x60",
    'ragpulse_vllm_prefix_cache_hits_total{service="idle",model="m",engine="0"': "7x60",
    f'ragpulse_vllm_http_requests_total{HTTP},status="2xx"': "0+9x60",
    f'ragpulse_vllm_http_requests_total{HTTP},status="5xx"': "0+1x60",
    'ragpulse_probe_requests_total{service="llm",check="canary"': "0+4x60",
    'ragpulse_probe_requests_total{service="llm",check="ready"': "0+50x60",
    'ragpulse_vllm_canary_good_total{service="llm"': "0+3x60",
    'ragpulse_vllm_time_to_first_token_seconds_bucket{service="llm",model="m",engine="0",le="0.1"': "0+5x60",
    'ragpulse_vllm_time_to_first_token_seconds_bucket{service="llm",model="m",engine="0",le="+Inf"': "0+5x60",
    'ragpulse_vllm_canary_time_to_first_token_seconds_bucket{service="llm",le="0.1"': "0+5x60",
    'ragpulse_vllm_canary_time_to_first_token_seconds_bucket{service="llm",le="+Inf"': "0+5x60",
    'ragpulse_service_node_info{service="llm",node_name="a"': "1x60",
    'ragpulse_service_node_info{service="chroma",node_name="a"': "1x60",
    'ragpulse_gpu_energy_joules_total{gpu="0"': "0+600x60",
    'ragpulse_gpu_energy_joules_total{gpu="1"': "0+400x60",
    'ragpulse_vllm_metric_offered{service="llm",metric="x"': "0x60",
    'ragpulse_vllm_metric_offered{service="llm",metric="y"': "1x60",
    'ragpulse_ray_nodes_alive{service="ray"': "1x60",
}


@each_generation
@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        pytest.param(
            vllm_queries.state(), {'{service="llm"}': 1.0 + vllm.STATES.index("stalled")}, id="its state as a number"
        ),
        pytest.param(vllm_queries.generated_tokens(), {'{service="llm"}': 500}, id="tokens of all its engines"),
        pytest.param(
            vllm_queries.kv_cache(),
            {'{service="llm",engine="0"}': 0.25, '{service="llm",engine="1"}': 0.5},
            id="the cache of each engine",
        ),
        pytest.param(vllm_queries.prefix_cache_hits(), {'{service="llm"}': 0.25}, id="hits, of who is asked"),
        pytest.param(vllm_queries.answered("5xx"), {'{service="llm"}': 0.1}, id="the share of errors"),
        pytest.param(vllm_queries.answered("4xx"), {'{service="llm"}': 0}, id="no such answer was seen"),
        pytest.param(vllm_queries.canaries_late(), {'{service="llm"}': 0.25}, id="canaries that missed a target"),
        pytest.param(vllm_queries.slowest(vllm.TTFT, 0.5), {'{service="llm"}': 0.05}, id="half of the users"),
        pytest.param(vllm_queries.slowest(vllm_canary.TTFT, 0.95), {'{service="llm"}': 0.095}, id="95 % of canaries"),
        pytest.param(
            vllm_queries.tokens_per_joule(), {'{service="llm"}': 5}, id="tokens for a joule of its node's GPUs"
        ),
        pytest.param(vllm_queries.not_offered(), {'{service="llm",metric="x"}': 0}, id="what is not offered"),
        pytest.param(vllm_queries.ray_nodes(), {'{service="ray"}': 1}, id="Ray's nodes that live"),
    ],
)
def test_a_panel_shows(expression: str, shown: dict[str, float], generation: int, tmp_path: Path) -> None:
    assert_shows(expression, shown, SERIES, generation, tmp_path)


def folded(text: str) -> list[dict[str, Any]]:
    board = json.loads(boards(cluster_file.parse(yaml_file.parse(text, "c"), "c"))["overview.json"])
    (row,) = [row for row in board["panels"] if row["title"].startswith("vLLM:")]
    panels: list[dict[str, Any]] = row["panels"]
    return panels


def test_ray_has_a_panel_where_there_is_a_ray() -> None:
    alone = "cluster: c\nnodes: {a: {address: 127.0.0.1}}\nservices:\n  v: {kind: vllm, nodes: [a], url: 'http://a'}\n"
    assert "Ray nodes" not in [panel["title"] for panel in folded(alone)]
    assert "Ray nodes" in [panel["title"] for panel in folded(alone + "  r: {kind: ray, nodes: [a]}\n")]


def test_a_state_without_a_word_is_grey_and_only_serving_is_green() -> None:
    text = "cluster: c\nnodes: {a: {address: 127.0.0.1}}\nservices:\n  v: {kind: vllm, nodes: [a], url: 'http://a'}\n"
    board = json.loads(boards(cluster_file.parse(yaml_file.parse(text, "c"), "c"))["overview.json"])
    (states,) = [panel for panel in board["panels"] if panel["title"] == "What vLLM is doing"]
    defaults = states["fieldConfig"]["defaults"]
    assert defaults["thresholds"]["steps"] == [{"color": "#8e8e8e", "value": None}]
    words = {option["text"]: option["color"] for option in defaults["mappings"][0]["options"].values()}
    assert [state for state, colour in words.items() if colour == "green"] == ["serving"]
    assert words.keys() == set(vllm.STATES)

"""What the board shows of vLLM and Ray, asked of both generations of Prometheus."""

from pathlib import Path

import pytest

from dashboards import inference_queries as queries
from ragpulse.catalogue import vllm, vllm_canary
from tests.fakes.binaries import each_generation
from tests.fakes.board_json import Json, cluster, drawn, panel, panels
from tests.fakes.board_panel import assert_shows

ENGINES = [f'{{service="llm",model="m",engine="{engine}"' for engine in ("0", "1")]
HTTP = '{service="llm",handler="/v1/completions",method="POST"'
# Two engines over ten minutes, one sample each 10 s; on their node a GPU that draws 100 W.
SERIES = {
    'up{job="ragpulse-agent"': "1x60",
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
            queries.state(), {'{service="llm"}': 1.0 + vllm.STATES.index("stalled")}, id="its state as a number"
        ),
        pytest.param(queries.generated_tokens(), {'{service="llm"}': 500}, id="tokens of all its engines"),
        pytest.param(
            queries.kv_cache(),
            {'{service="llm",engine="0"}': 0.25, '{service="llm",engine="1"}': 0.5},
            id="the cache of each engine",
        ),
        pytest.param(queries.prefix_cache_hits(), {'{service="llm"}': 0.25}, id="hits, of who is asked"),
        pytest.param(queries.answered("5xx"), {'{service="llm"}': 0.1}, id="the share of errors"),
        pytest.param(queries.answered("4xx"), {'{service="llm"}': 0}, id="no such answer was seen"),
        pytest.param(queries.canaries_late(), {'{service="llm"}': 0.25}, id="canaries that missed a target"),
        pytest.param(queries.slowest(vllm.TTFT, 0.5), {'{service="llm"}': 0.05}, id="half of the users"),
        pytest.param(queries.slowest(vllm_canary.TTFT, 0.95), {'{service="llm"}': 0.095}, id="95 % of canaries"),
        pytest.param(queries.tokens_per_joule(), {'{service="llm"}': 5}, id="tokens for a joule of its node's GPUs"),
        pytest.param(queries.not_offered(), {'{service="llm",metric="x"}': 0}, id="what is not offered"),
        pytest.param(queries.ray_nodes(), {'{service="ray"}': 1}, id="Ray's nodes that live"),
    ],
)
def test_a_panel_shows(expression: str, shown: dict[str, float], generation: int, tmp_path: Path) -> None:
    assert_shows(expression, shown, SERIES, generation, tmp_path)


ALONE = "cluster: c\nnodes: {a: {address: 127.0.0.1}}\nservices:\n  v: {kind: vllm, nodes: [a], url: 'http://a'}\n"


def inference(text: str) -> Json:
    return drawn(cluster(text))["inference"]


def test_ray_has_a_panel_where_there_is_a_ray() -> None:
    assert "Ray nodes" not in [each["title"] for each in panels(inference(ALONE))]
    assert "Ray nodes" in [each["title"] for each in panels(inference(ALONE + "  r: {kind: ray, nodes: [a]}\n"))]


def test_a_cluster_without_vllm_has_no_panels_of_it() -> None:
    bare = inference("cluster: c\nnodes: {a: {address: 127.0.0.1}}\n")
    assert [each["title"] for each in bare["panels"]] == ["Pages firing"]


def test_a_state_without_a_word_is_grey_and_only_serving_is_green() -> None:
    defaults = panel(inference(ALONE), "What vLLM is doing")["fieldConfig"]["defaults"]
    assert defaults["thresholds"]["steps"] == [{"color": "#8e8e8e", "value": None}]
    words = {option["text"]: option["color"] for option in defaults["mappings"][0]["options"].values()}
    assert [state for state, colour in words.items() if colour == "green"] == ["serving"]
    assert words.keys() == set(vllm.STATES)

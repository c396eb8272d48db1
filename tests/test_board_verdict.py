"""What a verdict tile of the board says, asked of both generations of Prometheus over recorded verdicts."""

import json
import subprocess
from pathlib import Path

import pytest

from dashboards import queries
from ragpulse import cluster_file, yaml_file
from ragpulse.objectives import Slo, objectives
from ragpulse.recorded import SLO_WATCHED, slo_met
from tests.fakes.binaries import binary, each_generation
from tests.fakes.simulated import Past, given

CLUSTER = cluster_file.parse(
    yaml_file.parse(
        "cluster: home\n"
        "nodes: {a: {address: 127.0.0.1}}\n"
        "services:\n"
        "  chroma: {kind: chroma, nodes: [a], url: 'http://a', query: {collection: documents}}\n"
        "  memory: {kind: memory, nodes: [a], url: 'http://a'}\n"
        "  vllm: {kind: vllm, nodes: [a], url: 'http://a'}\n"
        "  web: {kind: http, nodes: [a], url: 'http://a'}\n",
        "c",
    ),
    "c",
)
MISSED, MET, IDLE = 0, 1, queries.IDLE


def tile(
    slo: Slo, verdicts: dict[str, int], generation: int, folder: Path, unwatched: tuple[str, ...] = ()
) -> list[dict[str, int]]:
    """promtool compares; it is told to expect nothing and says what it got instead."""
    checks = {each.service: each.check for each in objectives(CLUSTER) if each.slo == slo}
    # A verdict of another cluster in the same Prometheus must not count.
    foreign = {"series": f'{slo_met(CLUSTER)}{{cluster="other",slo="{slo}",service="web"}}', "values": "0x5"}
    own = [
        {
            "series": f'{slo_met(CLUSTER)}{{cluster="home",slo="{slo}",service="{name}",check="{checks[name]}"}}',
            "values": f"{met}x5",
        }
        for name, met in verdicts.items()
    ]
    own += [
        {"series": f'{SLO_WATCHED}{{cluster="home",slo="{slo}",service="{name}",check="{check}"}}', "values": "1x5"}
        for name, check in checks.items()
        if name not in unwatched
    ]
    expression = queries.verdict(CLUSTER, slo).replace("$cluster", "home")
    for expected in ([], [{"value": MISSED}], [{"value": MET}], [{"value": IDLE}]):
        case = {"expr": expression, "eval_time": "30s", "exp_samples": expected}
        test = {"interval": "10s", "input_series": [foreign, *own], "promql_expr_test": [case]}
        (folder / "tile.yml").write_text(json.dumps({"tests": [test]}))
        result = subprocess.run(
            [binary("promtool", generation), "test", "rules", "tile.yml"],
            cwd=folder, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        if result.returncode == 0:
            return expected
    raise AssertionError(result.stdout + result.stderr)


ALL = {"chroma": MET, "memory": MET, "vllm": MET, "web": MET}


@each_generation
@pytest.mark.parametrize(
    ("slo", "verdicts", "shown"),
    [
        pytest.param("availability", ALL, MET, id="all are met"),
        pytest.param("availability", ALL | {"web": MISSED}, MISSED, id="one is missed"),
        pytest.param("availability", {"web": MISSED}, MISSED, id="one is missed and of the others nothing is known"),
        pytest.param("availability", {"chroma": MET, "memory": MET, "vllm": MET}, None, id="one is unknown"),
        pytest.param("availability", {}, None, id="nothing is known"),
        pytest.param("response_time", {"chroma": MET, "web": MET}, MET, id="an idle vLLM and what has no request set"),
        pytest.param("response_time", {"chroma": MET, "vllm": MET}, None, id="a service that we probe is unknown"),
        pytest.param(
            "response_time", {"chroma": MET, "web": MET, "vllm": MISSED}, MISSED, id="only user traffic is too slow"
        ),
        pytest.param("throughput", {"vllm": MET}, MET, id="users are served well"),
        pytest.param("throughput", {}, None, id="no users"),
    ],
)
def test_the_tile_is_green_only_when_every_service_that_we_probe_is_known_to_be_well(
    slo: Slo, verdicts: dict[str, int], shown: int | None, generation: int, tmp_path: Path
) -> None:
    assert tile(slo, verdicts, generation, tmp_path) == ([] if shown is None else [{"value": shown}])


@pytest.mark.parametrize(
    ("slo", "verdicts", "unwatched", "shown"),
    [
        pytest.param("availability", ALL, ("memory",), None, id="all were met a moment ago"),
        pytest.param("availability", ALL | {"memory": MISSED}, ("memory",), None, id="or one was missed"),
        pytest.param("availability", ALL | {"web": MISSED}, ("memory",), MISSED, id="another one is missed"),
        pytest.param("throughput", {"vllm": MET}, ("vllm",), None, id="users were served well"),
        pytest.param("response_time", {"chroma": MET, "web": MET}, ("vllm",), None, id="none may be silent"),
    ],
)
def test_a_verdict_of_what_nobody_measures_any_more_counts_for_nothing(
    slo: Slo, verdicts: dict[str, int], unwatched: tuple[str, ...], shown: int | None, tmp_path: Path
) -> None:
    expected = [] if shown is None else [{"value": shown}]
    assert tile(slo, verdicts, 0, tmp_path, unwatched) == expected


TOTAL = 'ragpulse:slo_total:rate1m{cluster="home",slo="throughput",service="vllm",check="generation"}'
DEMAND = 'ragpulse_vllm_demand_seconds_total{cluster="home",service="vllm",node="a"}'
STALLED = 'ragpulse_vllm_state{cluster="home",service="vllm",state="stalled",node="a"}'
WATCHED = 'ragpulse:slo_watched:bool{cluster="home",slo="%s",service="vllm",check="%s"}'
GENERATION, BUSY = {WATCHED % ("throughput", "generation"): "1x12"}, {WATCHED % ("gpu_utilization", "busy"): "1x12"}


@pytest.mark.parametrize(
    ("slo", "series", "shown"),
    [
        pytest.param("throughput", GENERATION | {TOTAL: "0x12"}, IDLE, id="nobody asks for a token"),
        pytest.param("throughput", GENERATION | {TOTAL: "0x12", STALLED: "0x12"}, IDLE, id="and it works"),
        pytest.param("throughput", GENERATION | {TOTAL: "0x12", STALLED: "1x12"}, None, id="it looks so, and stalls"),
        pytest.param("throughput", GENERATION | {TOTAL: "0.1x12"}, None, id="there is demand, and no verdict"),
        pytest.param("throughput", {TOTAL: "0x12"}, None, id="it looks so to nobody"),
        pytest.param("throughput", GENERATION, None, id="its page is not read"),
        pytest.param("gpu_utilization", BUSY | {DEMAND: "0+8.9x12"}, IDLE, id="too little demand to judge GPUs by"),
        pytest.param("gpu_utilization", BUSY | {DEMAND: "0+9.1x12"}, None, id="enough, and no verdict"),
        pytest.param("gpu_utilization", {DEMAND: "0+8x12"}, None, id="an agent is silent"),
    ],
)
def test_idle_is_neither_good_nor_unknown(slo: Slo, series: dict[str, str], shown: int | None, tmp_path: Path) -> None:
    (found,) = given(
        Past(CLUSTER, series), [queries.verdict(CLUSTER, slo).replace("$cluster", "home")], 110, 0, tmp_path
    )
    assert [each.value for each in found] == ([] if shown is None else [shown])

"""All rules at once while one node is lost and for 10 minutes after it is back: one page. One failed probe: none.

What each agent says is written down for every 10 s: of the lost node nothing, of what lived there that it is gone, of
what needs it that it fails, and of all that comes back that it takes a while.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ragpulse.objectives import objectives
from tests.fakes.rule_tests import run_promtool, small_cluster
from tests.test_whole_cluster_rules import at_rest

STEP = 10
LOST, HEALED, END = 40, 80, 146  # of these steps: the node is away for almost seven minutes, and eleven follow
SIMPLE = re.compile(r"([\d.e]+)(?:\+(\d+))?x\d+")
CHECKS = {each.service: each.check for each in objectives(small_cluster()) if each.slo == "availability"}
VANTAGE = {"vllm": "beta", "chroma": "beta", "memory": "alpha", "rag": "beta"}

Values = list[float | None]
Story = Callable[[], dict[str, Values]]


def rest() -> dict[str, Values]:
    series = {name: expanded(values) for name, values in at_rest(END).items()}
    for service, node in VANTAGE.items():
        for what in ("up", "ready"):
            series[f'ragpulse_service_{what}{{service="{service}",node="{node}"}}'] = [1.0] * END
        told = f'service="{service}",check="{CHECKS[service]}"'
        series[f'ragpulse_probe_requests_total{{{told},node="{node}"}}'] = [float(step) for step in range(END)]
        series[f'ragpulse_probe_failures_total{{{told},reason="timeout",node="{node}"}}'] = [0.0] * END
    series['ragpulse_service_up{service="ray",node="alpha"}'] = [1.0] * END
    for node in ("alpha", "beta"):
        series[f'ragpulse_ray_node_alive{{service="ray",ray_node="{node}",node="alpha"}}'] = [1.0] * END
        series[f'ragpulse_source_runs_total{{source="links",result="ok",node="{node}"}}'] = [
            float(step) for step in range(END)
        ]
    return series


def expanded(values: str) -> Values:
    found = SIMPLE.fullmatch(values)
    assert found, values
    start, slope = float(found[1]), float(found[2] or 0)
    return [start + slope * step for step in range(END)]


def without(node: str, back_after: Mapping[str, int]) -> dict[str, Values]:
    """back_after: service → steps after the node is back until it works again."""
    series = rest()
    for name, values in series.items():
        if name.startswith("up{"):
            continue
        if f'node="{node}"' in name.replace("ray_node", ""):
            values[LOST:HEALED] = [None] * (HEALED - LOST)
        for service, late in back_after.items():
            if f'service="{service}"' in name:
                fails(name, values, HEALED + late)
    for job, late in (("ragpulse-agent", 0), ("prometheus", 4), ("alertmanager", 4)):
        if (name := f'up{{job="{job}",node="{node}"}}') in series:
            series[name][LOST : HEALED + late] = [0.0] * (HEALED + late - LOST)
    return series


def fails(name: str, values: Values, back: int) -> None:
    """From the step on at which the node is lost, as far as anybody says anything."""
    for step in range(LOST, END):
        if values[step] is None:
            continue
        if name.startswith(("ragpulse_service_up", "ragpulse_service_ready")):
            values[step] = float(step >= back)
        elif name.startswith("ragpulse_probe_failures_total"):
            values[step] = float(min(step, back) - LOST)


def beta_lost() -> dict[str, Values]:
    """It bears the memory service, and half of the engine, which stalls and is started anew once the node is back."""
    series = without("beta", {"memory": 5, "vllm": 9, "rag": 10})
    states = {"stalled": (LOST + 3, HEALED), "loading": (HEALED, HEALED + 9)}
    for state, (begin, end) in states.items():
        series[f'ragpulse_vllm_state{{service="vllm",state="{state}",node="alpha"}}'] = [
            float(begin <= step < end) for step in range(END)
        ]
    series['ragpulse_vllm_state{service="vllm",state="serving",node="alpha"}'] = [
        float(not LOST + 3 <= step < HEALED + 9) for step in range(END)
    ]
    gone = range(LOST + 2, HEALED + 3)
    series['ragpulse_ray_node_alive{service="ray",ray_node="beta",node="alpha"}'] = [
        float(step not in gone) for step in range(END)
    ]
    return series


def alpha_lost() -> dict[str, Values]:
    """It bears a Prometheus, an Alertmanager, the head of Ray, the engine and the Chroma; as its peer sees it."""
    series = without("alpha", {"chroma": 6, "vllm": 10, "rag": 11, "ray": 4})
    series['up{job="prometheus",node="beta"}'] = [1.0] * END
    return series


def one_probe_lost() -> dict[str, Values]:
    series = rest()
    for name, values in series.items():
        if name.startswith(("ragpulse_service_up", "ragpulse_service_ready")) and 'service="ray"' not in name:
            values[LOST] = 0.0
        elif name.startswith("ragpulse_probe_failures_total"):
            values[LOST:] = [1.0] * (END - LOST)
    return series


def written(values: Values) -> str:
    return " ".join(
        f"{value:g}" if value is not None else "stale" if values[step - 1] is not None else "_"
        for step, value in enumerate(values)
    )


@pytest.mark.parametrize(
    ("story", "told", "generation"),
    [
        pytest.param(beta_lost, "beta", 0, id="a node"),
        pytest.param(alpha_lost, "alpha", -1, id="the node that runs a Prometheus"),
        pytest.param(one_probe_lost, "", 0, id="one probe of each service"),
    ],
)
def test_one_node_lost_is_one_page_and_one_failed_probe_is_none(
    story: Story, told: str, generation: int, tmp_path: Path
) -> None:
    firing = 'ALERTS{alertstate="firing",alertname!="Watchdog"}'
    page = {"labels": f'{{alertname="NodeDown",node="{told}"}}', "value": 1}
    cases: list[dict[str, Any]] = [
        {
            "expr": f"count by (alertname, node) (count_over_time({firing}[{STEP * END}s]))",
            "eval_time": f"{STEP * (END - 1)}s",
            "exp_samples": [page] if told else [],
        },
        # It is not told that the node is down for longer than it is.
        {"expr": firing, "eval_time": f"{STEP * (HEALED + 1)}s", "exp_samples": []},
    ]
    test = {
        "interval": f"{STEP}s",
        "input_series": [{"series": name, "values": written(values)} for name, values in story().items()],
        "promql_expr_test": cases,
    }
    document = {"rule_files": ["rules/*.yml"], "evaluation_interval": f"{STEP}s", "tests": [test]}
    run_promtool(json.dumps(document), generation, tmp_path)

"""All rules at once while one node is lost and for 10 minutes after it is back: one page. One failed probe: none.

What each agent says is written down for every 10 s: of the lost node nothing, of what lived there that it is gone, of
what needs it that it fails, and of all that comes back that it takes a while.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.resting_cluster import at_rest, one_probe_lost
from tests.fakes.resting_values import number
from tests.fakes.rule_tests import run_promtool
from tests.fakes.series_values import words

STEP = 10
LOST, HEALED, END = 40, 80, 146  # of these steps: the node is away for almost seven minutes, and eleven follow
# Nothing more is counted of what is good while there is none of it, nor anything of an engine that does nothing.
OF_GOOD = re.compile(
    r"ragpulse_(probe_within_target|vllm_canary_(time|inter)|rag_stage_(duration|runs_total.*good)|"
    r"network_probe_duration|vllm_(time_to_first|inter_token|http_requests))"
)

ABSENT = math.nan
Values = list[float]
Story = Callable[[], dict[str, Values]]


def each_value(series: Mapping[str, str]) -> dict[str, Values]:
    return {name: [float(value) for value in words(values)[:END]] for name, values in series.items()}


def without(node: str, back_after: Mapping[str, int]) -> dict[str, Values]:
    """back_after: service → steps after the node is back until it works again."""
    series, usual = (each_value(at_rest(END, STEP)) for _ in range(2))
    for name, values in series.items():
        if name.startswith("up{"):
            continue
        for service, late in back_after.items():
            if f'service="{service}"' in name:
                fails(name, values, HEALED + late, usual)
        if f'peer="{node}"' in name:
            fails(name, values, HEALED, usual)
        if f'node="{node}"' in name.replace("ray_node", ""):
            values[LOST:HEALED] = [ABSENT] * (HEALED - LOST)
    for job, late in (("ragpulse-agent", 0), ("prometheus", 4), ("alertmanager", 4)):
        if (name := f'up{{job="{job}",node="{node}"}}') in series:
            series[name][LOST : HEALED + late] = [0.0] * (HEALED + late - LOST)
    return series


def fails(name: str, values: Values, back: int, usual: Mapping[str, Values]) -> None:
    """From the step on at which the node is lost. Of a round trip the first request fails, and no other is made."""
    if name.startswith(("ragpulse_service_up", "ragpulse_service_ready")):
        values[LOST:back] = [0.0] * (back - LOST)
    elif OF_GOOD.match(name) or re.search(r'check="(read_back|delete)"', name):
        goes_on(values, [0.0 if step < back else gain for step, gain in enumerate(gains(values))])
    elif "_failures_total" in name and 'reason="timeout"' in name:
        asked = name.replace("_probe_failures_", "_probe_requests_").replace(',reason="timeout"', "")
        each = gains(usual[asked]) if asked in usual else [1.0] * END
        goes_on(values, [gain if step < back else 0.0 for step, gain in enumerate(each)])


def gains(values: Values) -> Values:
    return [0.0, *(now - before for before, now in pairwise(values))]


def goes_on(values: Values, gained: Values) -> None:
    for step in range(LOST, END):
        values[step] = values[step - 1] + gained[step]


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


def only_a_probe_lost() -> dict[str, Values]:
    return each_value(one_probe_lost(at_rest(END, STEP), LOST))


def written(values: Values) -> str:
    """The first that is absent ends the series, as the end of a target does."""
    return " ".join(
        number(value) if not math.isnan(value) else "_" if math.isnan(values[step - 1]) else "stale"
        for step, value in enumerate(values)
    )


@pytest.mark.parametrize(
    ("story", "told", "generation"),
    [
        pytest.param(beta_lost, "beta", 0, id="a node"),
        pytest.param(alpha_lost, "alpha", -1, id="the node that runs a Prometheus"),
        pytest.param(only_a_probe_lost, "", 0, id="one probe of each service"),
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

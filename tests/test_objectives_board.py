"""What the board of objectives computes, asked of both generations of Prometheus over recorded series and alerts."""

from pathlib import Path

import pytest

from dashboards import alert_queries, objectives_queries
from tests.fakes.binaries import each_generation
from tests.fakes.board_json import EXAMPLE
from tests.fakes.board_panel import assert_shows

# Ten minutes, a sample each 10 s, of two clusters; a Prometheus gives its alerts no cluster, so all of them count.
# GpuHot fires for the last 5 minutes, NodeDown fired twice for a minute.
OBJECTIVE = 'slo="availability",service="chroma",check="ready"'
SERIES = {
    f"ragpulse:slo_budget_left:ratio{{{OBJECTIVE}": "0.7x60",
    'ragpulse:slo_budget_left:ratio{slo="response_time",service="chroma",check="query"': "-0.5x60",
    f"ragpulse:slo_burn:rate1h{{{OBJECTIVE}": "3x60",
    'ragpulse:slo_burn:rate1h{slo="response_time",service="chroma",check="query"': "15x60",
    f"ragpulse:slo_attained:ratio30d{{{OBJECTIVE}": "0.9995x60",
    f"ragpulse:slo_events:rate1m{{{OBJECTIVE}": "2x60",
    f"ragpulse:slo_errors:rate1m{{{OBJECTIVE}": "0.5x60",
    f"ragpulse:slo_watched:bool{{{OBJECTIVE}": "1x60",
    'ragpulse:slo_watched:bool{slo="response_time",service="chroma",check="query"': "1x60",
    'ALERTS{alertname="GpuHot",alertstate="firing",severity="ticket",component="alpha"': "_x29 1x30",
    'ALERTS_FOR_STATE{alertname="GpuHot",severity="ticket",component="alpha"': "_x29 290x30",
    'ALERTS{alertname="NodeDown",alertstate="firing",severity="page",component="beta"': "_x5 1x5 _x5 1x5 _x40",
    'ALERTS_FOR_STATE{alertname="NodeDown",severity="page",component="beta"': "_x5 60x5 _x5 180x5 _x40",
    'ALERTS{alertname="Watchdog",alertstate="firing",severity="info",component="monitoring"': "1x60",
}
SHIPPED = len(alert_queries.shipped(EXAMPLE))


@each_generation
@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        pytest.param(objectives_queries.least_budget(0.25), {"{}": -0.5}, id="the budget that is worst off"),
        pytest.param(objectives_queries.fastest_burn(EXAMPLE, 3), {"{}": 15}, id="the fastest burn"),
        pytest.param(
            objectives_queries.attained(EXAMPLE), {f"{{{OBJECTIVE}}}": 1},
            id="attained over the window of each",
        ),
        pytest.param(objectives_queries.good_events(EXAMPLE), {f"{{{OBJECTIVE}}}": 1.5}, id="all that were not bad"),
        pytest.param(
            alert_queries.firing_for(), {'{alertname="GpuHot",component="alpha",severity="ticket"}': 310},
            id="since its condition holds",
        ),
        pytest.param(
            alert_queries.times_true(), {'{alertname="GpuHot"}': 2 * 1, '{alertname="NodeDown"}': 2 * 2},
            id="how often",
        ),
        pytest.param(
            alert_queries.seconds_firing(EXAMPLE), {'{alertname="GpuHot"}': 2 * 310, '{alertname="NodeDown"}': 2 * 120},
            id="for how long",
        ),
        pytest.param(f"count({alert_queries.never_fired(EXAMPLE)})", {"{}": SHIPPED - 2}, id="all others"),
    ],
)  # fmt: skip
def test_a_panel_shows(expression: str, shown: dict[str, float], generation: int, tmp_path: Path) -> None:
    assert_shows(expression.replace("$slo", ".*"), shown, SERIES, generation, tmp_path)

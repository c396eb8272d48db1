"""Tiles that count what is wrong: 0 when all is well, and no number at all when nobody looked."""

from pathlib import Path

import pytest

from dashboards import monitoring_queries, network_queries, node_queries, queries
from tests.fakes.binaries import each_generation
from tests.fakes.board_panel import assert_shows

LIVES = {'ALERTS{alertname="Watchdog",alertstate="firing",severity="info"': "1x60"}
PAGE = {'ALERTS{alertname="X",alertstate="firing",severity="page"': "1x60"}
STATE = 'ragpulse:component_state{kind="node",component="%s"'
EXPECTED = 'ragpulse:target_expected{job="ragpulse-agent"'
UP = 'up{job="ragpulse-agent"'
PROMETHEUS = 'up{job="prometheus"'
LAST = 'ragpulse_source_last_success_timestamp_seconds{source="s"'
EVERY = {'ragpulse_source_interval_seconds{source="s"': "10x60"}
FAILED = 'ragpulse_network_probe_failures_total{peer="b",tier="home",reason="timeout"'
LINK = 'ragpulse_network_link_up{interface="eth0",tier="home"'


@each_generation
@pytest.mark.parametrize(
    ("expression", "series", "shown"),
    [
        pytest.param(queries.pages(), LIVES, 0, id="nothing fires"),
        pytest.param(queries.pages(), LIVES | PAGE, 2, id="pages of both clusters fire: ALERTS names none"),
        pytest.param(queries.pages(), {}, None, id="no rule is evaluated"),
        pytest.param(queries.not_up(kind="node"), {STATE % "a": "3x60"}, 0, id="all are up"),
        pytest.param(queries.not_up(kind="node"), {STATE % "a": "2x60", STATE % "b": "0x60"}, 2, id="unknown counts"),
        pytest.param(queries.not_up(kind="node"), {}, None, id="no component is recorded"),
        pytest.param(monitoring_queries.agents_missing(), {EXPECTED: "1x60", UP: "1x60"}, 0, id="scraped"),
        pytest.param(monitoring_queries.agents_missing(), {EXPECTED: "1x60", UP: "0x60"}, 1, id="it does not answer"),
        pytest.param(monitoring_queries.agents_missing(), {EXPECTED: "1x60"}, 1, id="it is not even a target"),
        pytest.param(monitoring_queries.agents_missing(), {}, None, id="nobody knows what to expect"),
        pytest.param(monitoring_queries.monitors_down(), {PROMETHEUS: "1x60"}, 0, id="monitoring answers"),
        pytest.param(monitoring_queries.monitors_down(), {PROMETHEUS: "0x60"}, 1, id="it does not"),
        pytest.param(monitoring_queries.monitors_down(), {UP: "0x60"}, None, id="none is scraped"),
        pytest.param(node_queries.silent_sources(), EVERY | {LAST: "0+10x60"}, 0, id="read just now"),
        pytest.param(node_queries.silent_sources(), EVERY | {LAST: "569x60"}, 1, id="31 seconds ago"),
        pytest.param(node_queries.silent_sources(), EVERY | {LAST: "571x60"}, 0, id="29 seconds ago"),
        pytest.param(node_queries.silent_sources(), {}, None, id="no agent answers"),
        pytest.param(network_queries.pairs_failing(), {FAILED: "0x40 1x20"}, 1, id="a connection failed lately"),
        pytest.param(network_queries.pairs_failing(), {FAILED: "0 1x60"}, 0, id="long ago"),
        pytest.param(network_queries.pairs_failing(), {}, None, id="nobody connects"),
        pytest.param(network_queries.links_down(), {LINK: "0x60"}, 1, id="no carrier"),
        pytest.param(network_queries.links_down(), {LINK: "1x60"}, 0, id="all links are up"),
        pytest.param(network_queries.links_down(), {}, None, id="no link is read"),
    ],
)
def test_a_tile_counts(
    expression: str, series: dict[str, str], shown: int | None, generation: int, tmp_path: Path
) -> None:
    assert_shows(expression, {} if shown is None else {"{}": shown}, series, generation, tmp_path)

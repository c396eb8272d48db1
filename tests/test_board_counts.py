"""Tiles that count what is wrong: 0 when all is well, and no number at all when nobody looked."""

from pathlib import Path

import pytest

from dashboards import monitoring_queries as monitoring
from dashboards import network_queries as network
from dashboards import node_queries as node
from dashboards import overview_queries as overview
from dashboards import queries
from tests.fakes.binaries import each_generation
from tests.fakes.board_panel import assert_shows

LIVES = {'ALERTS{alertname="Watchdog",alertstate="firing",severity="info"': "1x60"}
PAGE = {'ALERTS{alertname="X",alertstate="firing",severity="page"': "1x60"}
STATE = 'ragpulse:component_state{kind="node",component="%s"'
EXPECTED = 'ragpulse:target_expected{job="ragpulse-agent"'
UP = 'up{job="ragpulse-agent"'
EXPECTED_AGENT = {EXPECTED: "1x60"}
PROMETHEUS = 'up{job="prometheus"'
LAST = 'ragpulse_source_last_success_timestamp_seconds{source="s"'
EVERY = {'ragpulse_source_interval_seconds{source="s"': "10x60"}
FAILED = 'ragpulse_network_probe_failures_total{peer="b",tier="home",reason="timeout"'
READONLY = 'ragpulse_node_filesystem_readonly{mountpoint="/",fstype="ext4"'
UNREADABLE = 'ragpulse_node_filesystem_unreadable{mountpoint="/",fstype="ext4"'
KILLS = "ragpulse_node_oom_kills_total{"
SYNCHRONISED = "ragpulse_node_clock_synchronised{"
GPU = 'ragpulse_gpu_up{gpu="0"'
RULES = 'prometheus_rule_evaluation_failures_total{rule_group="g"'
DROPPED = 'prometheus_notifications_dropped_total{job="prometheus"'
LOST = 'alertmanager_notifications_failed_total{job="alertmanager",integration="webhook"'
AGENT_READ = "ragpulse_agent_config_last_reload_successful{"
PROMETHEUS_READ = 'prometheus_config_last_reload_successful{job="prometheus"'
ERRORS = 'ragpulse_network_errors_total{interface="eth0",tier="home",direction="in"'
DROPS = ERRORS.replace("errors", "dropped")
FEW = {ERRORS: "0+1x60", DROPS: "0x60"}
LINK = 'ragpulse_network_link_up{interface="eth0",tier="home"'


@each_generation
@pytest.mark.parametrize(
    ("expression", "series", "shown"),
    [
        pytest.param(queries.pages(), LIVES, 0, id="nothing fires"),
        pytest.param(queries.pages(), LIVES | PAGE, 2, id="pages of both clusters fire: ALERTS names none"),
        pytest.param(queries.pages(), {}, None, id="no rule is evaluated"),
        pytest.param(queries.not_up(kind="node"), {STATE % "a": "3x60"}, 0, id="all are up"),
        pytest.param(queries.not_up(kind="node"), {STATE % "a": "2x60", STATE % "b": "0x60"}, 1, id="known to be bad"),
        pytest.param(queries.not_up(kind="node"), {STATE % "a": "1x60", STATE % "b": "3x60"}, 1, id="or down"),
        pytest.param(
            queries.not_up(kind="node"), {STATE % "a": "3x60", STATE % "b": "0x60"}, None, id="one is unknown"
        ),
        pytest.param(queries.pages(), LIVES | EXPECTED_AGENT | {UP: "1x60"}, 0, id="an agent is scraped"),
        pytest.param(queries.pages(), LIVES | EXPECTED_AGENT | {UP: "0x60"}, None, id="it is not: it may hide a page"),
        pytest.param(queries.pages(), LIVES | PAGE | EXPECTED_AGENT, 2, id="it is not, and some fire"),
        pytest.param(queries.not_up(kind="node"), {}, None, id="no component is recorded"),
        pytest.param(monitoring.agents_missing(), {EXPECTED: "1x60", UP: "1x60"}, 0, id="scraped"),
        pytest.param(monitoring.agents_missing(), {EXPECTED: "1x60", UP: "0x60"}, 1, id="it does not answer"),
        pytest.param(monitoring.agents_missing(), {EXPECTED: "1x60"}, 1, id="it is not even a target"),
        pytest.param(monitoring.agents_missing(), {}, None, id="nobody knows what to expect"),
        pytest.param(monitoring.monitors_down(), {PROMETHEUS: "1x60"}, 0, id="monitoring answers"),
        pytest.param(monitoring.monitors_down(), {PROMETHEUS: "0x60"}, 1, id="it does not"),
        pytest.param(monitoring.monitors_down(), {UP: "0x60"}, None, id="none is scraped"),
        pytest.param(node.silent_sources(), EVERY | {LAST: "0+10x60"}, 0, id="read just now"),
        pytest.param(node.silent_sources(), EVERY | {LAST: "569x60"}, 1, id="31 seconds ago"),
        pytest.param(node.silent_sources(), EVERY | {LAST: "571x60"}, 0, id="29 seconds ago"),
        pytest.param(node.silent_sources(), {}, None, id="no agent answers"),
        pytest.param(network.pairs_failing(), {FAILED: "0x40 1x20", UP: "1x60"}, 1, id="a connection failed lately"),
        pytest.param(network.pairs_failing(), {FAILED: "0 1x60", UP: "1x60"}, 0, id="long ago"),
        pytest.param(network.pairs_failing(), {}, None, id="nobody connects"),
        pytest.param(network.links_down(), {LINK: "0x60"}, 1, id="no carrier"),
        pytest.param(network.links_down(), {LINK: "1x60"}, 0, id="all links are up"),
        pytest.param(network.links_down(), {}, None, id="no link is read"),
        pytest.param(network.links_down(), {LINK: "1x60"} | EXPECTED_AGENT, None, id="an agent may hide one"),
        pytest.param(network.links_down(), {LINK: "0x60"} | EXPECTED_AGENT, 1, id="no carrier, and an agent is silent"),
        pytest.param(network.errors_now(1), FEW | EXPECTED_AGENT | {UP: "0x60"}, None, id="its last minutes are past"),
        pytest.param(network.errors_now(1), FEW | {UP: "1x60"}, 0.1, id="all agents are scraped"),
        pytest.param(node.filesystems_astray(), {READONLY: "0x60", UNREADABLE: "0x60"}, 0, id="all is well"),
        pytest.param(node.filesystems_astray(), {READONLY: "1x60", UNREADABLE: "0x60"}, 1, id="read-only"),
        pytest.param(node.filesystems_astray(), {READONLY: "1x60", UNREADABLE: "1x60"}, 1, id="both: one"),
        pytest.param(node.filesystems_astray(), {}, None, id="no file system is read"),
        pytest.param(node.killed(), {KILLS: "3x60", UP: "1x60"}, 0, id="killed long ago"),
        pytest.param(node.killed(), {}, None, id="nobody counts kills"),
        pytest.param(node.clock_astray(), {SYNCHRONISED: "0x60"}, 1, id="not synchronised"),
        pytest.param(node.clock_astray(), {SYNCHRONISED: "1x60"}, 0, id="synchronised"),
        pytest.param(node.gpus_lost(), {GPU: "0x60"}, 1, id="a GPU is lost"),
        pytest.param(node.gpus_lost(), {GPU: "1x60"}, 0, id="none is lost"),
        pytest.param(node.gpus_lost(), {}, None, id="no GPU was ever seen"),
        pytest.param(monitoring.rules_failing(), {RULES: "0x50 1x10"}, 1, id="a rule fails"),
        pytest.param(monitoring.rules_failing(), {RULES: "5x60"}, 0, id="one failed long ago"),
        pytest.param(monitoring.rules_failing(), {}, None, id="no Prometheus says"),
        pytest.param(monitoring.notifications_lost(), {DROPPED: "0x60", LOST: "0x50 1x10"}, 1, id="undelivered"),
        pytest.param(monitoring.notifications_lost(), {DROPPED: "0x50 9x10", LOST: "0x60"}, 1, id="not handed over"),
        pytest.param(monitoring.notifications_lost(), {DROPPED: "0x60", LOST: "0x60"}, 0, id="none is lost either"),
        pytest.param(
            monitoring.configurations_refused(), {AGENT_READ: "0x60", PROMETHEUS_READ: "1x60"}, 1, id="refused"
        ),
        pytest.param(monitoring.configurations_refused(), {AGENT_READ: "1x60", PROMETHEUS_READ: "1x60"}, 0, id="taken"),
        pytest.param(overview.monitoring_troubles(), {EXPECTED: "1x60", UP: "0x60", PROMETHEUS: "1x60"}, 1, id="a sum"),
        pytest.param(overview.monitoring_troubles(), {PROMETHEUS: "1x60"}, None, id="half of it is unknown"),
    ],
)
def test_a_tile_counts(
    expression: str, series: dict[str, str], shown: int | None, generation: int, tmp_path: Path
) -> None:
    assert_shows(expression, {} if shown is None else {"{}": shown}, series, generation, tmp_path)

"""What the boards of retrieval and network compute, asked of both generations of Prometheus over series of agents."""

from pathlib import Path

import pytest

from dashboards import network_queries, retrieval_queries
from ragpulse.catalogue import backup, chroma_recall, network
from tests.fakes.binaries import each_generation
from tests.fakes.board_panel import assert_shows

# Ten minutes, a sample each 10 s. The clock of promtool begins at 0, so moments are seconds since then.
SERIES = {
    'up{job="ragpulse-agent"': "1x60",
    'ragpulse_chroma_recall_ratio{service="a",k="10"': "0.9x60",
    'ragpulse_chroma_recall_ratio{service="b",k="10"': "0.7x60",
    'ragpulse_chroma_recall_ratio{service="b",k="1"': "0.5x60",
    'ragpulse_chroma_filesystem_available_bytes{service="a"': "864000-10x60",  # 1 byte a second
    'ragpulse_chroma_filesystem_available_bytes{service="b"': "500+10x60",
    'ragpulse_chroma_filesystem_bytes{service="a"': "1726800x60",
    'ragpulse_probe_failures_total{service="a",check="query",reason="timeout"': "0+1x60",
    'ragpulse_probe_failures_total{service="a",check="query",reason="connect"': "7x60",
    'ragpulse_probe_failures_total{service="b",check="query",reason="connect"': "7x60",
    'ragpulse_backup_last_success_timestamp_seconds{backup="nightly"': "300x60",
    'ragpulse_backup_last_success_timestamp_seconds{backup="never"': "0x60",
    'ragpulse_backup_interval_seconds{backup="nightly"': "200x60",
    'ragpulse_network_link_up{interface="e0",tier="lan"': "1x60",
    'ragpulse_network_link_up{interface="e1",tier="lan"': "0x60",
    'ragpulse_network_link_speed_bytes_per_second{interface="e0",tier="lan"': "1000x60",
    'ragpulse_network_sent_bytes_total{interface="e0",tier="lan"': "0+9000x60",
    'ragpulse_network_received_bytes_total{interface="e0",tier="lan"': "0+1000x60",
    'ragpulse_network_errors_total{interface="e0",tier="lan",direction="in"': "0+5x60",
    'ragpulse_network_dropped_total{interface="e0",tier="lan",direction="in"': "0+10x60",
    'ragpulse_network_dropped_total{interface="e0",tier="lan",direction="out"': "3x60",
    'ragpulse_network_probe_failures_total{peer="b",tier="lan",reason="timeout"': "0x50 1x10",
    'ragpulse_network_probe_failures_total{peer="c",tier="lan",reason="timeout"': "4x60",
}
IN = '{direction="in",interface="e0",node="a",tier="lan"}'
LINK = '{interface="e0",node="a",tier="lan"}'


@each_generation
@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        pytest.param(retrieval_queries.worst_recall(2, 0.5), {"{}": 0.7}, id="the recall of the worst store, at ten"),
        pytest.param(retrieval_queries.worst_recall(3, 0.8), {"{}": 0.7}, id="which is low, whoever else is not asked"),
        pytest.param(retrieval_queries.worst_recall(3, 0.7), {}, id="and else unknown while one is not asked"),
        pytest.param(
            retrieval_queries.of_service(chroma_recall.RECALL),
            {'{service="a",k="10"}': 0.9, '{service="b",k="10"}': 0.7, '{service="b",k="1"}': 0.5},
            id="each recall once, whoever looked",
        ),
        pytest.param(retrieval_queries.disk_left(), {'{service="a"}': 0.5}, id="the share that is free"),
        pytest.param(
            retrieval_queries.disk_days_left().replace("1w", "5m"), {'{service="a"}': 9.993},
            id="days at the pace of before, for the disk that fills up",
        ),
        pytest.param(
            retrieval_queries.failures(("a", "b")), {'{service="a",check="query",reason="timeout"}': 0.1},
            id="only failures that go on",
        ),
        pytest.param(
            retrieval_queries.backup_age(backup.LAST_SUCCESS), {'{backup="nightly"}': 300},
            id="the age of what has succeeded once",
        ),
        pytest.param(retrieval_queries.backup_overdue(), {'{backup="nightly"}': 1.5}, id="in its own intervals"),
        pytest.param(network_queries.links_down(), {"{}": 1}, id="links without a carrier"),
        pytest.param(network_queries.utilisation(), {LINK: 0.9}, id="the fuller direction of what the link can"),
        pytest.param(network_queries.fullest_link(0.8), {"{}": 0.9}, id="the fullest of all"),
        pytest.param(network_queries.errors_now(1), {"{}": 1.5}, id="damaged and dropped together"),
        pytest.param(
            network_queries.trouble(network.DROPPED), {IN: 1},
            id="links that drop, and no others",
        ),
        pytest.param(network_queries.pairs_failing(), {"{}": 1}, id="pairs that fail now"),
        pytest.param(retrieval_queries.stage_failures(), {}, id="nothing where nobody counts"),
        pytest.param(network_queries.trouble(network.ERRORS), {IN: 0.5}, id="where packets are damaged"),
        pytest.param(
            retrieval_queries.failures(("b",)), {'{service="none"}': 0}, id="one 0 where none fails",
        ),
    ],
)  # fmt: skip
def test_a_panel_shows(expression: str, shown: dict[str, float], generation: int, tmp_path: Path) -> None:
    assert_shows(expression, shown, SERIES, generation, tmp_path)

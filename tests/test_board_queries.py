"""What panels of the boards Overview, Node and Monitoring show, where their expressions compute."""

from pathlib import Path

import pytest

from dashboards import (
    alert_queries,
    marks,
    monitoring_queries,
    network_queries,
    node_queries,
    overview_queries,
    rdma_queries,
)
from ragpulse.catalogue import rdma
from tests.fakes.binaries import each_generation
from tests.fakes.board_panel import assert_shows

ALERT = '{alertname="X",severity="%s",component="chroma"'
SOURCE = '{source="%s"'
MOUNT = '{mountpoint="/",fstype="ext4"'
STATE = 'ragpulse:component_state{kind="service",component="%s"'
SERIES = {
    'up{job="ragpulse-agent"': "1x60",
    f"ALERTS_FOR_STATE{ALERT % 'page'}": "120x60",
    f"ALERTS_FOR_STATE{ALERT % 'ticket'}": "60x60",
    'ALERTS{alertname="X",severity="page",component="chroma",alertstate="firing"': "1x60",
    'ALERTS{alertname="X",severity="ticket",component="chroma",alertstate="pending"': "1x60",
    "ragpulse_node_boot_time_seconds{": "30x60",
    'ragpulse_vllm_process_start_timestamp_seconds{service="llm"': "100x50 480x10",
    'ragpulse_build_info{version="1"': "1x60",
    'ragpulse_vllm_info{service="llm",version="0.9"': "1x50 stale",
    'ragpulse_vllm_info{service="llm",version="0.10"': "_x50 1x10",
    f"ragpulse_node_filesystem_available_bytes{MOUNT}": "25x60",
    f"ragpulse_node_filesystem_size_bytes{MOUNT}": "100x60",
    'ragpulse_node_filesystem_available_bytes{mountpoint="/b",fstype="ext4"': "90x60",
    'ragpulse_node_filesystem_size_bytes{mountpoint="/b",fstype="ext4"': "100x60",
    f"ragpulse_source_last_success_timestamp_seconds{SOURCE % 'quick'}": "0+10x60",
    f"ragpulse_source_interval_seconds{SOURCE % 'quick'}": "5x60",
    f"ragpulse_source_last_success_timestamp_seconds{SOURCE % 'stuck'}": "0+10x30 300x30",
    f"ragpulse_source_interval_seconds{SOURCE % 'stuck'}": "30x60",
    'ragpulse_source_runs_total{source="stuck",result="deadline"': "0+1x60",
    'ragpulse_source_runs_total{source="stuck",result="ok"': "0+3x60",
    'ragpulse_node_cpu_seconds_total{mode="user"': "0+30x60",
    'ragpulse_node_cpu_seconds_total{mode="idle"': "0+10x60",
    'ragpulse_node_load{window="1m"': "6x60",
    "ragpulse_node_cpus{": "4x60",
    'ragpulse_service_node_info{service="llm",node_name="a"': "1x60",
    'ragpulse_service_node_info{service="web",node_name="b"': "1x60",
    STATE % "llm": "2x60",
    STATE % "web": "3x60",
    'ragpulse_gpu_busy_seconds_total{gpu="0"': "0+5x60",
    'ragpulse_gpu_observed_seconds_total{gpu="0"': "0+10x60",
    'prometheus_rule_group_last_duration_seconds{rule_group="g",job="prometheus"': "3x60",
    'prometheus_rule_group_interval_seconds{rule_group="g",job="prometheus"': "30x60",
    'ragpulse_network_received_bytes_total{interface="roce0",tier="fast"': "0+10x60",
    'ragpulse_network_sent_bytes_total{interface="roce0",tier="fast"': "0+20x60",
    'ragpulse_network_link_speed_bytes_per_second{interface="roce0",tier="fast"': "100x60",
    'ragpulse_rdma_received_bytes_total{port="mlx5_0/1",tier="fast"': "0+600x60",
    'ragpulse_rdma_sent_bytes_total{port="mlx5_0/1",tier="fast"': "0+100x60",
    'ragpulse_rdma_speed_bytes_per_second{port="mlx5_0/1",tier="fast"': "100x60",
    'ragpulse_rdma_losses_total{port="mlx5_0/1",tier="fast",kind="out_of_sequence"': "0+5x60",
    'ragpulse_rdma_losses_total{port="mlx5_0/1",tier="fast",kind="packet_seq_err"': "7x60",
    'ragpulse_backup_last_success_timestamp_seconds{backup="b"': "1x50 500x10",
    'ragpulse_backup_last_success_timestamp_seconds{backup="old"': "1x60",
}


@each_generation
@pytest.mark.parametrize(
    ("expression", "node", "shown"),
    [
        pytest.param(
            alert_queries.firing_for(), ".*", {'{alertname="X",severity="page",component="chroma"}': 480},
            id="for how long what fires has done so; what is pending is not there",
        ),
        pytest.param(
            overview_queries.latest_starts(), ".*", {'{what="a"}': 570, '{what="llm"}': 120},
            id="what started last, by node and service",
        ),
        pytest.param(
            overview_queries.versions(), ".*", {'{what="agent",version="1"}': 1, '{what="llm",version="0.10"}': 1},
            id="each version that runs now",
        ),
        pytest.param(
            overview_queries.fullest_filesystem(), ".*",
            {'{mountpoint="/",fstype="ext4",cluster="home",node="a"}': 0.75}, id="the fullest file system alone",
        ),
        pytest.param(
            monitoring_queries.longest_waits(), ".*", {'{node="a",source="quick"}': 0, '{node="a",source="stuck"}': 10},
            id="how many of its intervals a source waits",
        ),
        pytest.param(
            monitoring_queries.rule_group_shares(), ".*", {'{node="a",rule_group="g"}': 0.1}, id="the share of a group",
        ),
        pytest.param(node_queries.processor_modes(), "a", {'{mode="user"}': 0.75}, id="shares of modes but idle"),
        pytest.param(
            node_queries.load_per_processor(), "a", {'{window="1m",cluster="home",node="a"}': 1.5}, id="load of a core"
        ),
        pytest.param(node_queries.services_here(), "a", {'{component="llm"}': 2}, id="what lives on this node"),
        pytest.param(node_queries.gpu_busy(), "a", {'{gpu="0"}': 0.5}, id="the mean of the last minutes"),
        pytest.param(node_queries.filesystem_used(), "b", {}, id="nothing of another node"),
        pytest.param(network_queries.fullest_link(0.8), ".*", {"{}": 0.6}, id="RDMA counts, its interface is idle"),
        pytest.param(network_queries.fullest_link(0.8), "b", {}, id="no link of another node"),
        pytest.param(
            rdma_queries.utilisation(300.0), ".*", {'{node="a",port="mlx5_0/1",tier="fast"}': 0.6},
            id="the fuller direction of a port",
        ),
        pytest.param(
            rdma_queries.trouble(rdma.LOSSES), ".*",
            {'{kind="out_of_sequence",node="a",port="mlx5_0/1",tier="fast"}': 0.5}, id="the counters that count alone",
        ),
        pytest.param(marks.restarts(), ".*", {'{service="llm"}': 1}, id="what started anew is marked"),
        pytest.param(marks.versions(), ".*", {'{service="llm",version="0.10"}': 1}, id="a new version is marked"),
        pytest.param(marks.backups(), ".*", {'{backup="b"}': 1}, id="a backup that ended is marked"),
    ],
)  # fmt: skip
def test_a_panel_shows(expression: str, node: str, shown: dict[str, float], generation: int, tmp_path: Path) -> None:
    assert_shows(expression.replace("$node", node), shown, SERIES, generation, tmp_path)

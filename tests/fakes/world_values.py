"""What stands in the worlds of `worlds.py`: label values, states, readings and rates, while all is well or broken."""

from collections.abc import Mapping
from dataclasses import dataclass

from ragpulse.catalogue import chroma, chroma_recall, gpu, node, ray, vllm
from ragpulse.objectives import objectives
from tests.fakes.board_json import EXAMPLE

NODES = tuple(EXAMPLE.nodes)


@dataclass(frozen=True)
class Value:
    """`at` the end, and by how much it grows each second until then."""

    at: float
    slope: float = 0.0


ONE, NOTHING = Value(1), Value(0)
# Of labels that name a state: which of them is true, while all is well and while all is broken.
STATES: Mapping[str, tuple[str, str]] = {
    "ragpulse_vllm_state": ("serving", "stalled"),
    "ragpulse_chroma_state": ("serving", "down"),
    "ragpulse_chroma_canary_state": ("asked", "missing"),
    "ragpulse_gpu_state": ("ready", "unavailable"),
    "ragpulse_ray_dashboard_state": ("answering", "unreachable"),
    "ragpulse_ray_target_state": ("answering", "unreachable"),
    "ragpulse_ray_discovery_state": ("present", "missing"),
}
OF_A_METRIC: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("ragpulse_vllm_state", "state"): vllm.STATES,
    ("ragpulse_chroma_state", "state"): chroma.STATES,
    ("ragpulse_chroma_canary_state", "state"): chroma_recall.STATES,
    ("ragpulse_ray_actors", "state"): ray.ACTOR_STATES,
    ("ragpulse_ray_tasks", "state"): ray.TASK_STATES,
    ("ragpulse_chroma_data_bytes", "kind"): chroma.DATA_KINDS,
    ("ragpulse_vllm_metric_offered", "metric"): ("ragpulse_vllm_iteration_tokens",),
}
OF_A_LABEL: Mapping[str, tuple[str, ...]] = {
    "mode": node.CPU_MODES,
    "resource": node.PRESSURE_RESOURCES,
    "band": gpu.BANDS,
    "tier": ("connectx",),
    "k": ("1", "10"),
    "clock": ("sm", "memory"),
    "direction": ("in", "out"),
    "ray_node": NODES,
    "node_name": NODES,
    "backup": tuple(EXAMPLE.backups),
    "status": ("2xx", "5xx"),
    "result": ("ok", "error", "deadline"),
    "window": ("1m",),
    "check": tuple(dict.fromkeys(("ready", *(each.check for each in objectives(EXAMPLE) if each.edge is None)))),
    "stage": ("retrieval", "chat"),
    "outcome": ("good", "failed"),
    "gpu": ("0",),
    "fstype": ("ext4",),
    "device": ("nvme0n1",),
    "chip": ("nvme",),
    "sensor": ("composite",),
    "engine": ("0",),
    "rank": ("0",),
    "model": ("llama",),
    "interface": ("enp1s0f0np0",),
    "mountpoint": ("/",),
    "collection": ("documents",),
    "consumer": ("VLLM::Worker",),
    "code": ("79",),
    "reason": ("timeout",),
    "version": ("1.0.0",),
    "source": ("gpu",),
}
PER_SECOND: Mapping[str, float] = {  # of counters; the others gain 1
    "ragpulse_gpu_busy_seconds_total": 0.85,
    "ragpulse_gpu_energy_joules_total": 100,
    "ragpulse_gpu_gap_seconds_total": 0,
    "ragpulse_gpu_throttled_seconds_total": 0.02,
    "ragpulse_network_sent_bytes_total": 1e6,
    "ragpulse_network_received_bytes_total": 1e6,
    "ragpulse_vllm_prompt_tokens_total": 5000,
    "ragpulse_vllm_prefix_cache_hits_total": 0.6,
    "ragpulse_node_disk_read_bytes_total": 2e7,
    "ragpulse_node_disk_written_bytes_total": 1e7,
    "ragpulse_node_disk_busy_seconds_total": 0.1,
    "ragpulse_rdma_sent_bytes_total": 1e6,
    "ragpulse_node_pressure_waiting_seconds_total": 0.01,
    "ragpulse_node_pressure_stalled_seconds_total": 0.001,
    "ragpulse_vllm_generation_tokens_total": 1500,
    "ragpulse_vllm_demand_generation_tokens_total": 1500,
    "ragpulse_vllm_canary_good_total": 0.99,
}
READINGS: Mapping[str, Value] = {  # while all is well; the others are 1
    "ragpulse_node_filesystem_available_bytes": Value(5e11, -1e4),
    "ragpulse_node_filesystem_size_bytes": Value(1e12),
    "ragpulse_node_filesystem_inodes_free": Value(1e8),
    "ragpulse_node_memory_available_bytes": Value(6e10),
    "ragpulse_node_memory_total_bytes": Value(12e10),
    "ragpulse_chroma_filesystem_available_bytes": Value(5e11, -1e4),
    "ragpulse_chroma_filesystem_bytes": Value(1e12),
    "ragpulse_backup_repository_free_bytes": Value(5e11, -1e4),
    "ragpulse_backup_repository_filesystem_bytes": Value(1e12),
    "ragpulse_backup_interval_seconds": Value(86_400),
    "ragpulse_network_link_speed_bytes_per_second": Value(25e9),
    "ragpulse_rdma_speed_bytes_per_second": Value(25e9),
    "ragpulse_gpu_temperature_celsius": Value(60),
    "ragpulse_gpu_temperature_margin_celsius": Value(25),
    "ragpulse_node_temperature_celsius": Value(50),
    "ragpulse_node_temperature_critical_celsius": Value(100),
    "ragpulse_ray_expected_nodes": Value(2),
    "ragpulse_ray_nodes_alive": Value(2),
    "ragpulse_vllm_kv_cache_usage_ratio": Value(0.4),
    "ragpulse_gpu_memory_used_bytes": Value(6e10),
    "ragpulse_gpu_consumer_memory_bytes": Value(6e10),
    "ragpulse_gpu_consumer_sm_ratio": Value(0.8),
    "ragpulse_network_link_mtu_bytes": Value(9000),
    "ragpulse_vllm_requests_running": Value(12),
    "ragpulse_vllm_requests_waiting": Value(3),
    "ragpulse_chroma_collection_records": Value(2e6, 0.1),
    "ragpulse_chroma_data_bytes": Value(2e9, 100),
    "ragpulse_chroma_process_memory_bytes": Value(8e9),
    "ragpulse_backup_size_bytes": Value(1e10),
    "ragpulse_backup_duration_seconds": Value(900),
    "ragpulse_vllm_loading_seconds": Value(90),
    "ragpulse_gpu_memory_total_bytes": Value(12e10),
    "ragpulse_source_interval_seconds": Value(5),
    "ragpulse_ray_object_store_used_bytes": Value(0.2),
    "ragpulse_node_clock_offset_seconds": Value(0.0001),
    **dict.fromkeys(
        (
            "ragpulse_backup_last_exit_code", "ragpulse_backup_missing_paths", "ragpulse_backup_lock_age_seconds",
            "ragpulse_rag_failing_stage", "ragpulse_chroma_distance_drift_ratio", "ragpulse_memory_leftovers",
            "ragpulse_node_filesystem_readonly", "ragpulse_node_filesystem_unreadable", "ragpulse_maintenance",
            "ragpulse_gpu_unavailable",
        ),
        NOTHING,
    ),
}  # fmt: skip
BROKEN: Mapping[str, Value] = {
    "ragpulse_chroma_recall_ratio": Value(0.5),
    "ragpulse_chroma_distance_drift_ratio": Value(0.5),
    "ragpulse_network_link_up": NOTHING,
    "ragpulse_network_link_speed_bytes_per_second": Value(1.01e6),
    "ragpulse_rdma_port_up": NOTHING,
    "ragpulse_rdma_physical_link_up": NOTHING,
    "ragpulse_rdma_speed_bytes_per_second": Value(1.01e6),
    "ragpulse_node_filesystem_available_bytes": Value(2e9, -1e5),
    "ragpulse_node_filesystem_readonly": ONE,
    "ragpulse_chroma_filesystem_available_bytes": Value(2e9, -1e5),
    "ragpulse_backup_repository_free_bytes": Value(2e9, -1e5),
    "ragpulse_backup_last_exit_code": Value(2),
    "ragpulse_backup_missing_paths": ONE,
    "ragpulse_rag_failing_stage": ONE,
    "ragpulse_ray_node_alive": NOTHING,
    "ragpulse_ray_nodes_alive": ONE,
    "ragpulse_vllm_kv_cache_usage_ratio": Value(0.99),
    "ragpulse_node_memory_available_bytes": Value(1e9),
    "ragpulse_node_temperature_celsius": Value(105),
    "ragpulse_node_clock_synchronised": NOTHING,
    "ragpulse_node_clock_offset_seconds": Value(30),
    "ragpulse_service_up": NOTHING,
    "ragpulse_ray_object_store_used_bytes": ONE,
    "ragpulse_service_ready": NOTHING,
    "ragpulse_gpu_up": NOTHING,
    "ragpulse_agent_config_last_reload_successful": NOTHING,
}
FAILS = (
    "failures",
    "errors",
    "losses",
    "congestion",
    "dropped",
    "xid",
    "preemptions",
    "evictions",
    "rejections",
    "stalled",
    "oom_kills",
)
# Of Prometheus and Alertmanager: while all is well, and while all is broken.
FOREIGN: Mapping[str, tuple[Value, Value]] = {
    "scrape_duration_seconds": (Value(0.05), Value(9)),
    "scrape_samples_scraped": (Value(2000), Value(2000)),
    "prometheus_rule_evaluation_failures_total": (Value(3), Value(3, 0.1)),
    "prometheus_notifications_dropped_total": (Value(3), Value(3, 0.1)),
    "alertmanager_notifications_failed_total": (Value(3), Value(3, 0.1)),
    "prometheus_rule_group_last_duration_seconds": (Value(0.01), Value(9)),
    "prometheus_rule_group_interval_seconds": (Value(10), Value(10)),
    "prometheus_tsdb_lowest_timestamp_seconds": (Value(1.7e9), Value(1.7e9)),
    "prometheus_config_last_reload_successful": (ONE, NOTHING),
    "alertmanager_config_last_reload_successful": (ONE, NOTHING),
}
OF_A_FOREIGN_LABEL = {"rule_group": "chroma", "integration": "webhook", "state": "active"}

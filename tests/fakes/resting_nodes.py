"""What the nodes of the cluster of the rule tests say while nothing is wrong with them, and their monitoring.

Nothing wrong is not nothing at all: disks fill and are emptied, a board of long ago has an XID error behind it, GPUs
that idle have slow clocks and a slow link, and ten minutes after the beginning the nightly backup runs for twenty.
"""

from ragpulse.catalogue.gpu_errors import RECOVERY_ACTIONS
from tests.fakes.resting_values import Pace

NODES = ("alpha", "beta")
MONITOR = "alpha"
SOURCES = (
    "node_memory", "node_filesystem", "network_links", "network_peers", "gpu_load", "gpu_xid", "canary:vllm",
    "probe:vllm", "probe:chroma", "probe:memory", "probe:rag", "borg:nightly", "maintenance",
)  # fmt: skip
HOUR, DAY, GIB = 3600.0, 86_400.0, 2.0**30
BACKUP_BEGINS, BACKUP_ENDS, VERIFIED = 600.0, 1800.0, 2400.0
_DISKS = {"/": (1000 * GIB, 0.25), "/var/log": (200 * GIB, 0.2), "/home": (4000 * GIB, 0.6)}


def nodes(pace: Pace) -> dict[str, str]:
    series: dict[str, str] = {}
    for node in NODES:
        for of in (_agent, _machine, _disks, _links, _gpu):
            series |= {_on(node, name): values for name, values in of(pace, node).items()}
    monitoring = {_on(MONITOR, name): values for name, values in _monitoring(pace).items()}
    return series | monitoring | {_on("alpha", name): values for name, values in _backup(pace).items()}


def _on(node: str, name: str) -> str:
    return f'{name[:-1]},node="{node}"}}' if name.endswith("}") else f'{name}{{node="{node}"}}'


def _agent(pace: Pace, _: str) -> dict[str, str]:
    series = {
        'up{job="ragpulse-agent"}': pace.still(1),
        "ragpulse_agent_config_last_reload_successful": pace.still(1),
    }
    for source in SOURCES:
        series[f'ragpulse_source_interval_seconds{{source="{source}"}}'] = pace.still(10)
        series[f'ragpulse_source_last_success_timestamp_seconds{{source="{source}"}}'] = pace.grows(1, -3)
        series[f'ragpulse_source_runs_total{{source="{source}",result="ok"}}'] = pace.grows(0.1)
        for result in ("error", "deadline"):  # once, long ago
            series[f'ragpulse_source_runs_total{{source="{source}",result="{result}"}}'] = pace.still(1)
    return series


def _machine(pace: Pace, _: str) -> dict[str, str]:
    return {
        "ragpulse_node_memory_total_bytes": pace.still(120 * GIB),
        # The page cache of the backup is what is available too.
        "ragpulse_node_memory_available_bytes": pace.teeth(62 * GIB, 58 * GIB, HOUR),
        "ragpulse_node_swap_free_bytes": pace.still(7 * GIB),
        "ragpulse_node_oom_kills_total": pace.still(1),
        "ragpulse_node_boot_time_seconds": pace.still(-40 * DAY),
        'ragpulse_node_pressure_waiting_seconds_total{resource="cpu"}': pace.grows(0.05, 19_000),
        'ragpulse_node_pressure_stalled_seconds_total{resource="memory"}': pace.still(0.5),
        # The backup reads the whole disk.
        'ragpulse_node_pressure_stalled_seconds_total{resource="io"}': pace.line(
            (0, 100), (BACKUP_BEGINS, 106), (BACKUP_ENDS, 466), (DAY, 1312)
        ),
        'ragpulse_node_temperature_celsius{chip="cpu",sensor="package"}': pace.line(
            (0, 45), (BACKUP_BEGINS, 45), (BACKUP_ENDS, 70), (2 * HOUR, 45)
        ),
        'ragpulse_node_temperature_critical_celsius{chip="cpu",sensor="package"}': pace.still(100),
        "ragpulse_node_clock_synchronised": pace.still(1),
        "ragpulse_node_clock_seconds": pace.grows(1, 0.002),
    }


def _disks(pace: Pace, _: str) -> dict[str, str]:
    series: dict[str, str] = {}
    for mountpoint, (size, free) in _DISKS.items():
        at = f'mountpoint="{mountpoint}",fstype="ext4"'
        # Logs grow all day and are rotated; on the other disks come and go what services write for a while.
        every = DAY if mountpoint == "/var/log" else 2 * HOUR
        series |= {
            f"ragpulse_node_filesystem_size_bytes{{{at}}}": pace.still(size),
            f"ragpulse_node_filesystem_available_bytes{{{at}}}": pace.teeth(free * size, (free - 0.02) * size, every),
            f"ragpulse_node_filesystem_inodes_free{{{at}}}": pace.still(6e7),
            f"ragpulse_node_filesystem_readonly{{{at}}}": pace.still(0),
            f"ragpulse_node_filesystem_unreadable{{{at}}}": pace.still(0),
        }
    return series


def _links(pace: Pace, node: str) -> dict[str, str]:
    peer, fast = "beta" if node == "alpha" else "alpha", 'interface="fast0",tier="fast"'
    series = {
        f"ragpulse_network_link_up{{{fast}}}": pace.still(1),
        f"ragpulse_network_link_speed_bytes_per_second{{{fast}}}": pace.still(12.5e9),
        f"ragpulse_network_link_mtu_bytes{{{fast}}}": pace.still(9000),
        # A damaged packet now and then.
        f'ragpulse_network_errors_total{{{fast},direction="received"}}': pace.grows(0.001, 7),
        'ragpulse_rdma_losses_total{port="mlx5_0",tier="fast",kind="packet_seq_err"}': pace.grows(0.01, 12),
    }
    for tier in ("fast", "home"):
        to = f'peer="{peer}",tier="{tier}"'
        series[f"ragpulse_network_probe_duration_seconds_count{{{to}}}"] = pace.grows(0.1)
        series[f'ragpulse_network_probe_failures_total{{{to},reason="timeout"}}'] = pace.still(2)
    return series


def _gpu(pace: Pace, _: str) -> dict[str, str]:
    series = {
        "ragpulse_gpu_up": pace.still(1),
        "ragpulse_gpu_observed_seconds_total": pace.grows(1),
        "ragpulse_gpu_busy_seconds_total": pace.grows(0.02),  # of the canaries
        "ragpulse_gpu_gap_seconds_total": pace.still(3),
        "ragpulse_gpu_temperature_margin_celsius": pace.still(48),
        'ragpulse_gpu_clock_hertz{clock="sm"}': pace.still(345e6),
        'ragpulse_gpu_clock_max_hertz{clock="sm"}': pace.still(1980e6),
        'ragpulse_gpu_ecc_errors_total{severity="uncorrected"}': pace.still(0),
        'ragpulse_gpu_retired_pages{cause="pending"}': pace.still(0),
    }
    series |= {f'ragpulse_gpu_remapped_rows{{state="{state}"}}': pace.still(0) for state in ("pending", "failed")}
    series |= {
        f'ragpulse_gpu_throttled_seconds_total{{reason="{reason}"}}': pace.still(40)
        for reason in ("power_cap", "hw_thermal", "power_brake")
    }
    series |= {
        f'ragpulse_gpu_recovery_action{{action="{action}"}}': pace.still(action == "none")
        for action in RECOVERY_ACTIONS
    }
    for code in ("13", "79"):
        series[f'ragpulse_gpu_xid_errors_total{{code="{code}"}}'] = pace.still(1)
        series[f'ragpulse_gpu_xid_last_timestamp_seconds{{code="{code}"}}'] = pace.still(-3 * DAY)
    for what, now, most in (("generation", 1, 5), ("lanes", 8, 16)):
        for of, value in (("current", now), ("max", most)):
            series[f'ragpulse_gpu_pcie_link_{what}{{of="{of}"}}'] = pace.still(value)
    return {_of_gpu(name): values for name, values in series.items()}


def _of_gpu(name: str) -> str:
    return f'{name[:-1]},gpu="0"}}' if name.endswith("}") else f'{name}{{gpu="0"}}'


def _monitoring(pace: Pace) -> dict[str, str]:
    group = 'job="prometheus",rule_group="/rules/node.yml;node"'
    return {
        'up{job="prometheus"}': pace.still(1),
        'up{job="alertmanager"}': pace.still(1),
        'prometheus_notifications_alertmanagers_discovered{job="prometheus"}': pace.still(1),
        'prometheus_config_last_reload_successful{job="prometheus"}': pace.still(1),
        'alertmanager_config_last_reload_successful{job="alertmanager"}': pace.still(1),
        f"prometheus_rule_evaluation_failures_total{{{group}}}": pace.still(2),
        f"prometheus_rule_group_iterations_missed_total{{{group}}}": pace.still(3),
        'prometheus_tsdb_compactions_failed_total{job="prometheus"}': pace.still(1),
        'prometheus_tsdb_head_truncations_failed_total{job="prometheus"}': pace.still(1),
        'prometheus_tsdb_wal_corruptions_total{job="prometheus"}': pace.still(1),
        'prometheus_tsdb_wal_writes_failed_total{job="prometheus"}': pace.still(1),
    }


def _backup(pace: Pace) -> dict[str, str]:
    """Locked while it runs; then pruned, which gives back what it took; and restored on trial."""

    def since(moment: float) -> str:
        """Of yesterday, until it is done again."""
        return pace.line((0, moment - DAY), (moment - 0.001, moment - DAY), (moment, moment))

    return {
        f'{name[:-1] if name.endswith("}") else name + "{"}backup="nightly"}}': values
        for name, values in {
            "ragpulse_backup_last_success_timestamp_seconds": since(BACKUP_ENDS),
            "ragpulse_backup_restore_verified_timestamp_seconds": since(VERIFIED),
            "ragpulse_backup_repository_last_commit_timestamp_seconds": since(BACKUP_ENDS),
            "ragpulse_backup_lock_age_seconds": pace.line(
                (0, 0), (BACKUP_BEGINS, 0), (BACKUP_ENDS, BACKUP_ENDS - BACKUP_BEGINS), (BACKUP_ENDS + 0.001, 0)
            ),
            "ragpulse_backup_missing_paths": pace.still(0),
            "ragpulse_backup_repository_filesystem_bytes": pace.still(8000 * GIB),
            "ragpulse_backup_repository_free_bytes": pace.line(
                (0, 2000 * GIB), (BACKUP_BEGINS, 2000 * GIB), (BACKUP_ENDS, 1990 * GIB), (VERIFIED, 1999 * GIB)
            ),
        }.items()
    }

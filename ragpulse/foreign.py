"""Series that are not ours: of Prometheus about scrapes and alerts, and of both servers about themselves.

Name → the labels by which we select or sum them. All of them stand on the pages of Prometheus 2.42 and 3.x, and of
Alertmanager 0.25 and newer.
"""

TARGET_LABELS = ("cluster", "node", "job", "instance")  # what Prometheus adds to each scraped series
_ALERT_LABELS = ("alertname", "severity", "component", "node", "service", "source", "backup", "slo")

# Made by Prometheus.
UP = "up"
SCRAPE_SECONDS = "scrape_duration_seconds"
SCRAPED_SAMPLES = "scrape_samples_scraped"
ALERTS = "ALERTS"
ALERTS_SINCE = "ALERTS_FOR_STATE"  # its value is when the condition began, in Unix time
# Of Prometheus and of Alertmanager.
PROCESS_STARTED = "process_start_time_seconds"
PROCESS_MEMORY = "process_resident_memory_bytes"
PROCESS_CPU = "process_cpu_seconds_total"
# Of Prometheus.
ALERTMANAGERS = "prometheus_notifications_alertmanagers_discovered"
NOTIFICATIONS_DROPPED = "prometheus_notifications_dropped_total"
RULE_FAILURES = "prometheus_rule_evaluation_failures_total"
RULE_GROUPS_MISSED = "prometheus_rule_group_iterations_missed_total"
RULE_GROUP_SECONDS = "prometheus_rule_group_last_duration_seconds"
RULE_GROUP_INTERVAL = "prometheus_rule_group_interval_seconds"
HEAD_SERIES = "prometheus_tsdb_head_series"
SAMPLES_APPENDED = "prometheus_tsdb_head_samples_appended_total"
BLOCK_BYTES = "prometheus_tsdb_storage_blocks_bytes"
OLDEST_SAMPLE = "prometheus_tsdb_lowest_timestamp_seconds"
COMPACTIONS_FAILED = "prometheus_tsdb_compactions_failed_total"
HEAD_TRUNCATIONS_FAILED = "prometheus_tsdb_head_truncations_failed_total"
LOG_DAMAGED = "prometheus_tsdb_wal_corruptions_total"
LOG_WRITES_FAILED = "prometheus_tsdb_wal_writes_failed_total"
CONFIG_READ = "prometheus_config_last_reload_successful"
# Of Alertmanager.
NOTIFICATIONS = "alertmanager_notifications_total"
NOTIFICATIONS_FAILED = "alertmanager_notifications_failed_total"
ALERTMANAGER_ALERTS = "alertmanager_alerts"
ALERTMANAGER_CONFIG_READ = "alertmanager_config_last_reload_successful"

OF_PROMETHEUS = {
    PROCESS_STARTED: (),
    PROCESS_MEMORY: (),
    PROCESS_CPU: (),
    ALERTMANAGERS: (),
    NOTIFICATIONS_DROPPED: (),
    RULE_FAILURES: ("rule_group",),
    RULE_GROUPS_MISSED: ("rule_group",),
    RULE_GROUP_SECONDS: ("rule_group",),
    RULE_GROUP_INTERVAL: ("rule_group",),
    HEAD_SERIES: (),
    SAMPLES_APPENDED: (),
    BLOCK_BYTES: (),
    OLDEST_SAMPLE: (),
    COMPACTIONS_FAILED: (),
    HEAD_TRUNCATIONS_FAILED: (),
    LOG_DAMAGED: (),
    LOG_WRITES_FAILED: (),
    CONFIG_READ: (),
}
OF_ALERTMANAGER = {
    PROCESS_STARTED: (),
    PROCESS_MEMORY: (),
    PROCESS_CPU: (),
    NOTIFICATIONS: ("integration",),
    NOTIFICATIONS_FAILED: ("integration",),
    ALERTMANAGER_ALERTS: ("state",),
    ALERTMANAGER_CONFIG_READ: (),
}
FOREIGN: dict[str, tuple[str, ...]] = {
    UP: TARGET_LABELS,
    SCRAPE_SECONDS: TARGET_LABELS,
    SCRAPED_SAMPLES: TARGET_LABELS,
    ALERTS: ("alertstate", *_ALERT_LABELS),
    ALERTS_SINCE: _ALERT_LABELS,
    **{name: (*labels, *TARGET_LABELS) for name, labels in (OF_PROMETHEUS | OF_ALERTMANAGER).items()},
}

"""What holds for every rule of every component, and promtool's own tests of each, in both generations."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts import backup, gpu, recall, rules
from alerts.render import render
from exporters.gpu_load import GpuLoad
from ragpulse import cluster_file, yaml_file
from ragpulse.catalogue import service
from ragpulse.inventory import Cluster
from ragpulse.promql import (
    Pattern,
    PromqlError,
    all_series,
    bucket_rate,
    events_rate,
    instant,
    instants,
    rate,
    reads_gauge,
    series,
)
from ragpulse.recorded import COMPONENT_STATE
from tests.fakes.binaries import binary, each_generation
from tests.fakes.derived_cases import derived_cases
from tests.fakes.kinds_of_test import KINDS, kinds_of_test
from tests.fakes.rule_cases import FOLDER, cluster_of, rules_of
from tests.fakes.rule_tests import (
    all_rules,
    assert_names_exist,
    promtool_tests,
    run_cases,
    small_cluster,
    whole_promtool_tests,
)

ROOT = Path(__file__).parent.parent
EXAMPLE = cluster_file.load(ROOT / "cluster.example.yaml")
CLUSTERS = {"the example": EXAMPLE, "the cluster of the rule tests": small_cluster()}
COMPONENTS = sorted(rules.COMPONENTS)
TESTS = sorted(path.stem for path in FOLDER.glob("*.yml"))

# Whether a GPU is there is a reading, and each of its alerts asks that.
GPU_ALERTS = {
    "GpuBlind", "GpuEccUncorrected", "GpuHot", "GpuLost", "GpuPcieDegraded", "GpuPowerWedge", "GpuRecoveryNeeded",
    "GpuRowRemapFailed", "GpuRowRemapPending", "GpuThrottled", "GpuUnavailable", "GpuXid",
}  # fmt: skip

# What vLLM and Ray are doing is a reading, for which each of these asks.
VLLM_ALERTS = {
    "RayActorsDead", "RayGpuLost", "RayHeadDown", "RayNodeLost", "RayNodesUnknown", "VllmCanaryOff", "VllmErrorRate",
    "VllmKvCacheNearFull", "VllmLoadingTooLong", "VllmMetricVanished", "VllmPreempting", "VllmRefusing",
    "VllmSaturated", "VllmStalled", "VllmStatsDisabled",
}  # fmt: skip

CHROMA_ALERTS = {
    "ChromaDataMoved", "ChromaDiskFillingUp", "ChromaDiskFull", "ChromaLeaksDirectories", "ChromaLocked",
    "ChromaUnauthorized", "ChromaUnguarded", "ChromaWalBacklog",
}  # fmt: skip

BACKUP_ALERTS = {*backup.LOST, *backup.AILING}
RECALL_ALERTS = {recall.CANARY_MISSING, recall.RECALL_LOW, recall.RECALL_DROPPED, recall.DISTANCE_DRIFTED}

# What a node is, its disks and its links are readings.
NODE_ALERTS = {
    "LinkDown", "LinkMtuWrong", "LinkSlow", "NodeClockOff", "NodeClockUnsynchronised", "NodeDiskFillingUp",
    "NodeDiskFull", "NodeDiskReadOnly", "NodeDiskUnreadable", "NodeHot", "NodeRebooted", "PeerLossy",
    "PeerUnreachable",
}  # fmt: skip

# A page that follows from readiness asks for it; a memory that is lost is counted.
MEMORY_ALERTS = {"MemoryKeyRefused", "MemoryLeftovers", "MemoryRoundTripFailed", "MemoryStale"}

HAS_NO = {
    "Watchdog": {"silent", "recovers"},  # it always fires
    "TargetMissing": {"silent"},  # what it looks at is that nothing is there
    # One is one too many: between that and none, which is idle, lies nothing.
    "GpuEccUncorrected": {"silent"},
    "OutOfMemoryKill": {"silent"},
}

each_cluster = pytest.mark.parametrize("cluster", CLUSTERS.values(), ids=CLUSTERS.keys())


def all_alerts(cluster: Cluster) -> list[dict[str, Any]]:
    return [rule for rule in all_rules(cluster) if "alert" in rule]


@pytest.mark.parametrize("component", TESTS)
@each_generation
def test_the_rules_do_what_their_tests_say(component: str, generation: int, tmp_path: Path) -> None:
    promtool_tests(component, generation, tmp_path)


@each_generation
def test_every_alert_outlives_a_missing_reading_and_is_silent_while_what_explains_it_is_told(
    generation: int, tmp_path: Path
) -> None:
    run_cases(derived_cases(), generation, tmp_path)


@pytest.mark.proof
@pytest.mark.parametrize("component", TESTS)
@each_generation
def test_over_whole_files_of_rules_they_do_too(component: str, generation: int, tmp_path: Path) -> None:
    whole_promtool_tests(component, generation, tmp_path)


def test_every_alert_is_tested_where_it_fires_where_it_is_silent_where_nothing_is_and_where_it_ends() -> None:
    alerts = {rule.name for test in TESTS for rule in rules_of(cluster_of(test)) if "alert" in rule.body}
    assert not {each: kinds for each in alerts if (kinds := KINDS - kinds_of_test(each) - HAS_NO.get(each, set()))}


def test_every_component_with_rules_has_promtool_tests() -> None:
    assert set(COMPONENTS) <= set(TESTS)
    assert all(test in COMPONENTS or test.rsplit("_", 1)[0] in COMPONENTS for test in TESTS)


@each_generation
@each_cluster
def test_promtool_accepts_the_rules(cluster: Cluster, generation: int, tmp_path: Path) -> None:
    for name, text in render(cluster).items():
        (tmp_path / name).write_text(text)
    result = subprocess.run(
        [binary("promtool", generation), "check", "rules", "--lint-fatal", *sorted(tmp_path.glob("*.yml"))],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


@each_cluster
def test_every_name_in_an_expression_exists(cluster: Cluster) -> None:
    assert_names_exist(all_rules(cluster))


@each_cluster
def test_every_alert_says_what_to_do_and_where(cluster: Cluster) -> None:
    for alert in all_alerts(cluster):
        annotations = alert["annotations"]
        assert set(annotations) == {"summary", "description", "runbook_url", "dashboard_url"}
        assert annotations["runbook_url"] == f"http://127.0.0.1:9478/runbooks/{alert['alert']}"
        assert annotations["dashboard_url"] == f"http://127.0.0.1:9478/#component-{alert['labels']['component']}"
        assert alert["labels"]["severity"] in {"page", "ticket", "info"}


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    alerts = {alert["alert"] for cluster in CLUSTERS.values() for alert in all_alerts(cluster)}
    runbooks = {
        path.stem: path.read_text() for path in (ROOT / "docs" / "runbooks").glob("*.md") if path.stem != "README"
    }
    assert set(runbooks) == alerts
    for name, text in runbooks.items():
        assert text.startswith(f"# {name}\n")
        for heading in ("## Meaning", "## Impact", "## First three commands", "## Likely causes", "## Silence"):
            assert heading in text, f"{name} has no {heading}"
        commands = text.split("## First three commands")[1].split("##")[0]
        assert commands.count("```sh") == 3, f"{name} must begin with three commands"


def test_an_alert_on_a_reading_survives_two_missing_scrapes() -> None:
    alerts = [alert for cluster in CLUSTERS.values() for alert in all_alerts(cluster)]
    patient = {alert["alert"] for alert in alerts if alert.get("keep_firing_for") == "20s"}
    assert patient == {
        "CertificateExpires", "ConfigReloadRefused", "MemoryWedgeForecast", "RagPathBroken", "RagPathSlow",
        "ServiceDown", "ServiceNotReady", "SourceStale", *GPU_ALERTS, *BACKUP_ALERTS, *CHROMA_ALERTS,
        *MEMORY_ALERTS, *NODE_ALERTS, *RECALL_ALERTS, *VLLM_ALERTS,
    }  # fmt: skip
    assert all(reads_gauge(alert["expr"]) == ("keep_firing_for" in alert) for alert in alerts)


@each_cluster
def test_a_root_holds_for_less_than_its_leaves(cluster: Cluster) -> None:
    holds = {alert["alert"]: alert.get("for") for alert in all_alerts(cluster)}
    assert holds["NodeDown"] == "10s"
    assert holds["GpuLost"] == "10s"
    leaves = ("ServiceDown", "ServiceNotReady", "TargetMissing", "MonitoringDown", "GpuUnavailable", "GpuXid")
    assert {holds[leaf] for leaf in leaves} == {"30s"}
    assert holds["AvailabilityBelowTarget"] == "6m"


def test_the_source_that_speaks_for_gaps_is_the_one_that_reads_the_load() -> None:
    assert GpuLoad.name == gpu.LOAD_SOURCE


def test_all_times_follow_the_scrape_interval() -> None:
    text = "cluster: c\nnodes: {a: {address: 127.0.0.1}}\nmonitoring: {scrape_interval: 30s}\n"
    text += "services: {v: {kind: vllm, nodes: [a], url: 'http://127.0.0.1:8000'}}\n"
    cluster = cluster_file.parse(yaml_file.parse(text, "c"), "c")
    alerts = {alert["alert"]: alert for alert in all_alerts(cluster)}
    assert (alerts["NodeDown"]["for"], alerts["ServiceDown"]["for"]) == ("30s", "90s")
    assert alerts["ServiceDown"]["keep_firing_for"] == "1m"
    assert alerts["AvailabilityBelowTarget"]["for"] == "18m"
    assert "[2m]" in alerts["SourceFailing"]["expr"]


def test_a_cluster_without_services_and_targets_has_only_what_it_needs() -> None:
    cluster = cluster_file.parse(yaml_file.parse("cluster: c\nnodes: {a: {address: 127.0.0.1}}\n", "c"), "c")
    of_nodes = {
        "monitoring.yml", "prometheus_health.yml", "node.yml", "node_health.yml", "node_disk.yml",
        "node_disk_growth.yml", "node_memory.yml", "network.yml", "rdma.yml", "component_state.yml",
    }  # fmt: skip
    of_gpus = {"gpu.yml", "gpu_errors.yml", "gpu_limits.yml"}
    assert set(render(cluster)) == of_nodes | of_gpus


def test_a_cluster_whose_gpus_are_not_to_be_read_has_no_rules_for_them() -> None:
    text = "cluster: c\nnodes: {a: {address: 127.0.0.1, gpu: disabled}, b: {address: 127.0.0.2, gpu: %s}}\n"
    disabled, one_read = (
        render(cluster_file.parse(yaml_file.parse(text % gpu, "c"), "c")) for gpu in ("disabled", "auto")
    )
    assert not [file for file in disabled if file.startswith("gpu")]
    assert [file for file in one_read if file.startswith("gpu")] == ["gpu.yml", "gpu_errors.yml", "gpu_limits.yml"]


@pytest.mark.parametrize(
    ("expression", "mistake"),
    [
        pytest.param(lambda: instant(service.UP, servise="chroma"), "has no label servise", id="a misspelt label"),
        pytest.param(lambda: rate(service.UP, 60.0), "only a counter has a rate", id="the rate of a gauge"),
        pytest.param(lambda: instant(service.DURATION), "has no value of its own", id="the value of a histogram"),
        pytest.param(lambda: events_rate(service.REQUESTS, 60.0), "it has no _count", id="the events of a counter"),
        pytest.param(lambda: series("ragpulse:slo_mett:bool5m"), "neither recorded", id="a misspelt recorded name"),
        pytest.param(lambda: series("up", service="x"), "has no label service", id="a label that up has not"),
    ],
)  # fmt: skip
def test_an_expression_that_could_never_match_cannot_be_written(expression: Any, mistake: str) -> None:
    with pytest.raises(PromqlError, match=mistake):
        expression()


def test_several_names_are_asked_for_at_once_and_each_must_exist() -> None:
    assert instants(service.UP, service.READY) == '{__name__=~"ragpulse_service_up|ragpulse_service_ready"}'
    assert all_series(COMPONENT_STATE) == '{__name__="ragpulse:component_state"}'
    with pytest.raises(PromqlError, match="is a histogram"):
        instants(service.UP, service.DURATION)
    with pytest.raises(PromqlError, match="neither recorded nor known"):
        all_series(COMPONENT_STATE, "ragpulse:made_up")


def test_a_whole_edge_is_matched_in_both_spellings_and_a_broken_one_exactly() -> None:
    assert 'le=~"1|1\\\\.0"' in bucket_rate(service.DURATION, 1.0, 60.0)
    assert 'le="0.1"' in bucket_rate(service.DURATION, 0.1, 60.0)


def test_matchers_are_quoted() -> None:
    assert instant(service.UP, service=('a"b', "c.d")) == 'ragpulse_service_up{service=~"a\\"b|c\\\\.d"}'
    assert instant(service.UP, service=Pattern("$service")) == 'ragpulse_service_up{service=~"$service"}'


def test_the_tests_of_the_rules_are_yaml_that_names_each_case() -> None:
    for path in FOLDER.glob("*.yml"):
        names = [case["name"] for case in yaml.safe_load(path.read_text())["tests"]]
        assert len(set(names)) == len(names)

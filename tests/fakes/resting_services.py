"""What the agents say of the services of the cluster of the rule tests while all is well and nobody asks for anything.

Canaries, probes, a round trip of a memory and the path are all there is; each reason why one of them may fail is there
at what it was long ago.
"""

from collections.abc import Iterator

from ragpulse.catalogue.service import REASONS
from ragpulse.catalogue.vllm_canary import CANARY_REASONS
from ragpulse.vantage import canary_nodes, home, interval, vantages
from tests.fakes.resting_nodes import DAY, GIB, HOUR
from tests.fakes.resting_values import Pace
from tests.fakes.rule_tests import small_cluster

CLUSTER = small_cluster()
TTFT, ITL = "time_to_first_token_seconds", "inter_token_latency_seconds"
ENGINE = 'service="vllm",model="m",engine="0",node="alpha"'
CHECKS = {
    "vllm": ("health", "ready", "canary"),
    "chroma": ("heartbeat", "ready", "query"),
    "memory": ("health", "ready", "write", "read_back", "delete"),
    "rag": ("path",),
}
_VLLM_STATES = ("serving", "saturated", "stalled", "refusing", "loading", "down")
_CHROMA_STATES = ("serving", "slow", "locked", "unauthorized", "disk_full", "data_moved", "down")
_CANARY_STATES = ("asked", "missing", "foreign", "empty", "changed")
_ROUND_TRIP, _CANARIES = 300.0, 10.0  # seconds between two


def services(pace: Pace) -> dict[str, str]:
    return dict(
        pair
        for of in (_readiness, _probes, _vllm, _canaries, _chroma, _memory, _path, _ray, _maintenance)
        for pair in of(pace)
    )


Series = Iterator[tuple[str, str]]


def _readiness(pace: Pace) -> Series:
    for service in CLUSTER.services:
        for node in vantages(CLUSTER, service):
            for what in ("up", "ready"):
                yield f'ragpulse_service_{what}{{service="{service}",node="{node}"}}', pace.still(1)


def _probes(pace: Pace) -> Series:
    for service, checks in CHECKS.items():
        for check in checks:
            nodes = canary_nodes(CLUSTER, service) if check == "canary" else vantages(CLUSTER, service)
            every = _every(service, check)
            for node in nodes:
                of, on = f'service="{service}",check="{check}"', f'node="{node}"'
                yield f"ragpulse_probe_requests_total{{{of},{on}}}", pace.grows(1 / every, 50)
                yield f"ragpulse_probe_within_target_total{{{of},{on}}}", pace.grows(1 / every, 40)
                for reason in _reasons(check):
                    yield f'ragpulse_probe_failures_total{{{of},reason="{reason}",{on}}}', pace.still(1)


def _every(service: str, check: str) -> float:
    if check == "canary":
        return _CANARIES
    return _ROUND_TRIP if check in {"write", "read_back", "delete"} else interval(CLUSTER, service)


def _reasons(check: str) -> tuple[str, ...]:
    more = {"canary": CANARY_REASONS, "ready": ("stale",), "read_back": ("lost",)}
    return (*REASONS, *more.get(check, ()))


def _vllm(pace: Pace) -> Series:
    of = 'service="vllm"'
    yield f'ragpulse_vllm_info{{{of},version="0.32.0",node="alpha"}}', pace.still(1)
    for metric in (TTFT, ITL):
        yield f'ragpulse_vllm_metric_offered{{{of},metric="ragpulse_vllm_{metric}",node="alpha"}}', pace.still(1)
    yield f'ragpulse_vllm_stats_disabled{{{of},node="alpha"}}', pace.still(0)
    for state in _VLLM_STATES:
        yield f'ragpulse_vllm_state{{{of},state="{state}",node="alpha"}}', pace.still(state == "serving")
    for what in ("demand_seconds", "demand_generation_tokens", "demand_within_target_seconds"):
        yield f'ragpulse_vllm_{what}_total{{{of},node="alpha"}}', pace.still(0)
    yield f"ragpulse_vllm_kv_cache_usage_ratio{{{ENGINE}}}", pace.still(0)
    yield f"ragpulse_vllm_preemptions_total{{{ENGINE}}}", pace.still(4)
    asked = len(canary_nodes(CLUSTER, "vllm")) / _CANARIES
    # The canaries are requests like any other. What users asked for yesterday was not always answered in time.
    for metric, edge, tokens in ((TTFT, "1.0", 1), (ITL, "0.1", 7)):
        yield f'ragpulse_vllm_{metric}_bucket{{{ENGINE},le="{edge}"}}', pace.grows(tokens * asked, 700)
        yield f"ragpulse_vllm_{metric}_count{{{ENGINE}}}", pace.grows(tokens * asked, 900)
    for status, values in (("2xx", pace.grows(asked, 900)), ("5xx", pace.still(9))):
        yield (
            f'ragpulse_vllm_http_requests_total{{{of},handler="/v1/completions",status="{status}",node="alpha"}}',
            values,
        )


def _canaries(pace: Pace) -> Series:
    for node in canary_nodes(CLUSTER, "vllm"):
        of = f'service="vllm",node="{node}"'
        yield f"ragpulse_vllm_canary_enabled{{{of}}}", pace.still(1)
        for metric, edge, tokens in ((TTFT, "1.0", 1), (ITL, "0.1", 7)):
            yield f'ragpulse_vllm_canary_{metric}_bucket{{{of},le="{edge}"}}', pace.grows(tokens / _CANARIES, 40)
            yield f"ragpulse_vllm_canary_{metric}_count{{{of}}}", pace.grows(tokens / _CANARIES, 50)


def _chroma(pace: Pace) -> Series:
    of = f'service="chroma",node="{home(CLUSTER, "chroma")}"'
    for state in _CHROMA_STATES:
        yield f'ragpulse_chroma_state{{{of},state="{state}"}}', pace.still(state == "serving")
    for state in _CANARY_STATES:
        yield f'ragpulse_chroma_canary_state{{{of},state="{state}"}}', pace.still(state == "asked")
    yield f'ragpulse_chroma_recall_ratio{{{of},k="10"}}', pace.still(0.99)
    yield f"ragpulse_chroma_distance_drift_ratio{{{of}}}", pace.still(0.00001)
    yield f"ragpulse_chroma_auth_enforced{{{of}}}", pace.still(1)
    yield f"ragpulse_chroma_collections{{{of}}}", pace.still(3)
    yield f"ragpulse_chroma_filesystem_bytes{{{of}}}", pace.still(1000 * GIB)
    yield f"ragpulse_chroma_filesystem_available_bytes{{{of}}}", pace.teeth(250 * GIB, 230 * GIB, 2 * HOUR)
    yield f"ragpulse_chroma_orphaned_directories{{{of}}}", pace.still(2)
    yield f"ragpulse_chroma_orphaned_bytes{{{of}}}", pace.still(1e6)
    yield f"ragpulse_chroma_wal_backlog_records{{{of}}}", pace.still(800)


def _memory(pace: Pace) -> Series:
    of = f'service="memory",node="{vantages(CLUSTER, "memory")[0]}"'
    yield f"ragpulse_memory_leftovers{{{of}}}", pace.still(0)
    yield f"ragpulse_service_certificate_expiry_timestamp_seconds{{{of}}}", pace.still(60 * DAY)


def _path(pace: Pace) -> Series:
    every = interval(CLUSTER, "rag")
    for stage, seconds in (("retrieval", 0.03), ("search_memory", 0.02), ("chat", 0.5)):
        of = f'service="rag",stage="{stage}",node="{vantages(CLUSTER, "rag")[0]}"'
        yield f"ragpulse_rag_stage_duration_seconds_sum{{{of}}}", pace.grows(seconds / every)
        yield f"ragpulse_rag_stage_duration_seconds_count{{{of}}}", pace.grows(1 / every)
        for outcome, values in (("good", pace.grows(1 / every)), ("failed", pace.still(1)), ("skipped", pace.still(1))):
            yield f'ragpulse_rag_stage_runs_total{{{of},outcome="{outcome}"}}', values


def _ray(pace: Pace) -> Series:
    of, head = 'service="ray"', f'node="{home(CLUSTER, "ray")}"'
    for node in CLUSTER.services["ray"].nodes:
        yield f'ragpulse_ray_node_alive{{{of},ray_node="{node}",{head}}}', pace.still(1)
        yield f'ragpulse_ray_gpus_registered{{{of},ray_node="{node}",{head}}}', pace.still(1)
    for state, count in (("ALIVE", 2), ("DEAD", 5)):
        yield f'ragpulse_ray_actors{{{of},state="{state}",{head}}}', pace.still(count)


def _maintenance(pace: Pace) -> Series:
    for service in CLUSTER.services:
        yield f'ragpulse_maintenance{{service="{service}",node="alpha"}}', pace.still(0)

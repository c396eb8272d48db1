"""A cluster of two nodes as Prometheus would tell of it on a mixed day: every state of the Overview page at once."""

from typing import Any

from ragpulse import cluster_file, yaml_file
from ragpulse.inventory import Cluster
from tests.fakes.prometheus_api import Answering

NOW = 1_790_000_000.0
BEGIN = NOW - 7200

CLUSTER = """\
cluster: demo
nodes:
  alpha: {address: 127.0.0.1}
  beta: {address: 127.0.0.2}
services:
  chroma: {kind: chroma, nodes: [alpha], url: 'http://127.0.0.1:8001', query: {collection: documents}}
  memory: {kind: memory, nodes: [alpha], url: 'http://127.0.0.1:3000', search: {path: /search}}
  vllm: {kind: vllm, nodes: [alpha], url: 'http://127.0.0.1:8000'}
  swarm: {kind: swarm, nodes: [alpha]}
backups:
  nightly: {kind: borg, node: alpha, covers: chroma, state_file: /var/lib/borg.json}
"""

MET = "ragpulse:slo_met:bool5m"
SHORT = "ragpulse:slo_value:rate1m"
LONG = "ragpulse:slo_value:rate5m"
TOTAL = "ragpulse:slo_total:rate1m"
STATE = "ragpulse:component_state"
AGENTS = 'up{job="ragpulse-agent"}'
UP = "ragpulse_service_up"
READY = "ragpulse_service_ready"
FAILURES = "sum by (service, check, reason, node)"
DEMAND = "sum by (service) (rate(ragpulse_vllm_demand"
VLLM = "ragpulse_vllm_state"
FAILING_STAGE = "ragpulse_rag_failing_stage"
GPU = "ragpulse_gpu_state"
GPU_BANDS = "sum by (node, band)"
GPU_MEASURED = "ragpulse_gpu_utilization_source"
BACKUPS = "ragpulse_backup_last_success"
OLDEST = "min(min_over_time"


def cluster(text: str = CLUSTER) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "c"), "c")


def objective(slo: str, service: str, check: str) -> dict[str, str]:
    return {"slo": slo, "service": service, "check": check, "cluster": "demo"}


def component(name: str, kind: str = "service") -> dict[str, str]:
    return {"component": name, "kind": kind, "cluster": "demo"}


AVAILABLE = {
    name: objective("availability", name, check)
    for name, check in (("chroma", "ready"), ("memory", "health"), ("vllm", "canary"))
}
QUERY = objective("response_time", "chroma", "query")
SEARCH = objective("response_time", "memory", "search")
INTER_TOKEN = objective("response_time", "vllm", "inter_token")
FIRST_TOKEN = objective("time_to_first_token", "vllm", "first_token")
THROUGHPUT = objective("throughput", "vllm", "generation")


def mixed() -> Answering:
    """Chroma refuses our token since 160 s, memory and vLLM are well, nobody waits for vLLM, no node has a GPU."""
    broke = NOW - 160
    values = {
        "chroma": ([(BEGIN, 1.0), (broke, 0.6), (broke + 60, 0.0)], 0.0, 0.52),
        "memory": ([(BEGIN, 1.0)], 1.0, 1.0),
        "vllm": ([(BEGIN, 1.0), (NOW - 2000, 0.9993), (NOW - 1900, 1.0)], 0.99996, 0.99991),
    }
    return Answering(
        instant={
            MET: [(AVAILABLE["chroma"], 0), (AVAILABLE["memory"], 1), (AVAILABLE["vllm"], 1), (SEARCH, 1), (QUERY, 0)],
            SHORT: [*((AVAILABLE[name], short) for name, (_, short, _) in values.items()), (SEARCH, 0.994), (QUERY, 0)],
            LONG: [*((AVAILABLE[name], long) for name, (_, _, long) in values.items()), (SEARCH, 0.996), (QUERY, 0.5)],
            TOTAL: [(THROUGHPUT, 0), (INTER_TOKEN, 0), (FIRST_TOKEN, 3.2)],
            STATE: [
                (component("alpha", "node"), 3), (component("beta", "node"), 3), (component("chroma"), 2),
                (component("memory"), 3), (component("vllm"), 3), (component("swarm"), 0),
                (component("nightly", "backup"), 3),
            ],
            AGENTS: [({"node": "alpha"}, 1), ({"node": "beta"}, 1)],
            UP: [({"service": name, "node": "beta"}, 1) for name in ("chroma", "memory", "vllm")],
            READY: [({"service": "chroma", "node": "beta"}, 0), ({"service": "memory", "node": "beta"}, 1)],
            FAILURES: [
                ({"service": "chroma", "check": check, "reason": "auth", "node": "beta"}, 6.0)
                for check in ("ready", "query")
            ],
            DEMAND: [({"service": "vllm"}, 0)],
            VLLM: [({"service": "vllm", "state": "serving"}, 1)],
            GPU: [({"node": "alpha", "state": "none"}, 1), ({"node": "beta", "state": "none"}, 1)],
            BACKUPS: [({"backup": "nightly"}, NOW - 27000)],
            OLDEST: [({}, BEGIN)],
        },
        over={
            SHORT: [
                *((AVAILABLE[name], points) for name, (points, _, _) in values.items()),
                (SEARCH, [(BEGIN, 0.998), (NOW - 1500, 0.991), (NOW - 1000, 0.994)]),
                (QUERY, values["chroma"][0]),
            ],
            MET: [
                (AVAILABLE["chroma"], [(BEGIN, 1), (broke, 0)]), (AVAILABLE["memory"], [(BEGIN, 1)]),
                (AVAILABLE["vllm"], [(NOW - 1900, 1)]), (SEARCH, [(BEGIN, 1)]), (QUERY, [(BEGIN, 1), (broke, 0)]),
            ],
            STATE: [
                (component("alpha", "node"), [(BEGIN, 3)]), (component("beta", "node"), [(BEGIN, 3)]),
                (component("chroma"), [(BEGIN, 3), (NOW - 180, 2)]), (component("memory"), [(BEGIN, 3)]),
                (component("vllm"), [(BEGIN, 3)]),
            ],
        },
        alert_rules=[
            alert_rule("Watchdog", "vector(1)", alert("info", "monitoring", "Alerting works.", "1e+00")),
            alert_rule(
                "ServiceNotReady",
                'max by (service) (ragpulse_service_ready{service="chroma"}) == 0',
                alert("page", "chroma", "chroma on alpha answers but cannot do its work.", "0e+00"),
            ),
            alert_rule(
                "AvailabilityBelowTarget",
                f'{LONG}{{slo="availability",service="chroma"}} and {MET} == 0',
                alert("ticket", "chroma", "chroma: 52 % of probes answered.", "5.2e-01", state="pending"),
            ),
        ],
        alerts=[known("Watchdog", "monitoring"), known("ServiceNotReady", "chroma")],
    )  # fmt: skip


def alert_rule(name: str, query: str, *alerts: dict[str, Any]) -> dict[str, Any]:
    named = [{**each, "labels": {"alertname": name, **each["labels"]}} for each in alerts]
    return {"name": name, "query": query, "health": "ok", "alerts": named, "type": "alerting", "duration": 30}


def alert(severity: str, component: str, summary: str, value: str, *, state: str = "firing") -> dict[str, Any]:
    return {
        "labels": {"severity": severity, "component": component, "service": component},
        "annotations": {"summary": summary, "description": "The process lives, yet its readiness check fails."},
        "state": state,
        "activeAt": "2026-09-21T14:10:40.123456789Z",
        "value": value,
    }


def known(name: str, component: str, *, silenced: tuple[str, ...] = (), inhibited: tuple[str, ...] = ()) -> Any:
    """An alert as Alertmanager's API has it, with the external label that Prometheus added on the way."""
    severity = "info" if name == "Watchdog" else "page"
    held = {"silencedBy": list(silenced), "inhibitedBy": list(inhibited)}
    return {
        "labels": {
            "alertname": name, "severity": severity, "component": component, "service": component, "cluster": "demo",
        },
        "status": {"state": "suppressed" if silenced or inhibited else "active", **held},
    }  # fmt: skip

"""prometheus.yml and the files of targets: who is scraped, how often, and where alerts go.

Kept to what Prometheus 2.42 and 3.x both read. Paths are relative, so the folder can lie anywhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ragpulse import endpoints
from ragpulse.generated import json_text, yaml_text
from ragpulse.inventory import Cluster
from ragpulse.promql import AGENT_JOB, RELAY_JOB
from ragpulse.relayed import relayed
from ragpulse.services import Tls, Vllm
from ragpulse.units import prometheus_duration
from ragpulse.vantage import home

# Many times what the largest agent shows; a page that goes beyond it is broken and would fill the disk.
_SAMPLE_LIMIT = 50_000
_TIMEOUT_SHARE = 0.3


def render(cluster: Cluster) -> dict[str, str]:
    """`prometheus.yml` and `targets/agents.json` → content."""
    return {
        "prometheus.yml": yaml_text(cluster, _configuration(cluster)),
        "targets/agents.json": json_text(
            [_target(cluster, node, endpoints.agent(cluster, node)) for node in cluster.nodes]
        ),
    }


def scrape_timeout(cluster: Cluster) -> float:
    """Seconds after which a scrape is given up."""
    return _TIMEOUT_SHARE * cluster.monitoring.scrape_interval


def _configuration(cluster: Cluster) -> dict[str, Any]:
    monitoring = cluster.monitoring
    interval = prometheus_duration(monitoring.scrape_interval)
    alertmanagers = list(endpoints.alertmanager(cluster).values())
    configuration: dict[str, Any] = {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": prometheus_duration(scrape_timeout(cluster)),
            "evaluation_interval": interval,
            "external_labels": {"cluster": cluster.name},
        },
        "rule_files": ["rules/*.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": alertmanagers}]}]},
        "scrape_configs": list(_jobs(cluster)),
    }
    if monitoring.remote_write:
        configuration["remote_write"] = [{"url": remote.url} for remote in monitoring.remote_write]
    return configuration


def _jobs(cluster: Cluster) -> Iterator[dict[str, Any]]:
    refresh = prometheus_duration(6 * cluster.monitoring.scrape_interval)
    agents = {"files": ["targets/*.json"], "refresh_interval": refresh}
    yield {"job_name": AGENT_JOB, "sample_limit": _SAMPLE_LIMIT, "file_sd_configs": [agents]}
    yield _own_job(cluster, "prometheus", endpoints.prometheus(cluster))
    yield _own_job(cluster, "alertmanager", endpoints.alertmanager(cluster))
    if relayed(cluster):
        yield _relay_job(cluster)
    for name, service in cluster.services.items():
        if isinstance(service, Vllm) and service.raw:
            yield _raw_job(cluster, name, service)


def _own_job(cluster: Cluster, job: str, places: Mapping[str, str]) -> dict[str, Any]:
    targets = [_target(cluster, node, place) for node, place in places.items()]
    return {"job_name": job, "sample_limit": _SAMPLE_LIMIT, "static_configs": targets}


def _relay_job(cluster: Cluster) -> dict[str, Any]:
    """Each Prometheus asks the adapter beside it. Those of a pair share this file, so that it cannot name the node."""
    place = endpoints.authority(endpoints.LOOPBACK, cluster.monitoring.ports.relay)
    target = _target(cluster, cluster.monitoring_nodes()[0], place)
    if len(cluster.monitoring_nodes()) > 1:
        del target["labels"]["node"]
    return {"job_name": RELAY_JOB, "sample_limit": _SAMPLE_LIMIT, "static_configs": [target]}


def _raw_job(cluster: Cluster, name: str, service: Vllm) -> dict[str, Any]:
    """The page of vLLM itself under its own names, beside what the agent makes of it."""
    url = urlsplit(service.url)
    target = _target(cluster, home(cluster, name), url.netloc)
    target["labels"]["service"] = name
    job = {
        "job_name": f"vllm-{name}",
        "sample_limit": _SAMPLE_LIMIT,
        "scheme": url.scheme,
        "metrics_path": f"{url.path.rstrip('/')}/metrics",
        "static_configs": [target],
    }
    return job if service.tls is None else {**job, "tls_config": _tls(service.tls)}


def _tls(tls: Tls) -> dict[str, str]:
    return tls.model_dump(exclude_none=True)


def _target(cluster: Cluster, node: str, place: str) -> dict[str, Any]:
    return {"targets": [place], "labels": {"cluster": cluster.name, "node": node}}

"""Cluster files to measure by: one node, `alpha`, that reads, probes and holds everything itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.started import HOST

# What a cluster of the demo's kind grows into first. One: so that our page is about as long as node_exporter's.
WEB_SERVICES = ("gateway",)


def like_the_demo(demo: Path, web_url: str, folder: Path) -> Path:
    """The services of the running demo, and as many web services as `WEB_SERVICES`."""
    services = yaml.safe_load(demo.read_text())["services"]
    return _written(folder / "like-the-demo.yaml", {**services, **_web(WEB_SERVICES, web_url)}, "5s")


def web_services_only(count: int, web_url: str, interval: str, folder: Path) -> Path:
    names = [f"web-{number}" for number in range(count)]
    return _written(folder / f"{count}-services.yaml", _web(names, web_url), interval)


def gpus_only(folder: Path, *, gpu: str) -> Path:
    """`gpu`: as in the cluster file, `auto` or `disabled`."""
    return _written(folder / f"gpu-{gpu}.yaml", {}, "5s", gpu=gpu)


def chroma_only(version: str, url: str, data: Path, folder: Path) -> Path:
    """With everything that is looked at by default, and what may be asked for; nothing says how often."""
    chroma = {
        "kind": "chroma",
        "nodes": ["alpha"],
        "url": url,
        "data_dir": str(data),
        "read_database": True,
        "query": {"collection": "collection-0"},
    }
    return _written(folder / f"chroma-{version}.yaml", {"chroma": chroma})


def _web(names: Sequence[str], url: str) -> dict[str, Any]:
    return {name: {"kind": "http", "nodes": ["alpha"], "url": url} for name in names}


def _written(file: Path, services: Mapping[str, Any], interval: str | None = None, **node: str) -> Path:
    cluster = {
        "cluster": "bench",
        "nodes": {"alpha": {"address": HOST, **node}},
        "services": dict(services),
        **({"monitoring": {"scrape_interval": interval}} if interval is not None else {}),
    }
    file.write_text(yaml.safe_dump(cluster, sort_keys=False))
    return file

"""Ray in the cluster file."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from ragpulse.model import BaseUrl, FilePath, Port
from ragpulse.service import Service


class Ray(Service):
    kind: Literal["ray"]
    """Ray; its nodes read it, and nobody probes it"""
    url: BaseUrl = "http://127.0.0.1:8265"
    """its dashboard, as its head reaches it: `/api/v0/nodes` is added to it"""
    metrics_ports: Annotated[tuple[Port, ...], Field(strict=False)] = ()
    """ports of its metrics pages, the same on each node (`--metrics-export-port`); 44217 and 44227 are asked on the
    head alone. Without them Ray's own list tells them, and the head's agent reads all pages
    """
    discovery_file: FilePath | None = None
    """its list of metrics pages on its head, `prom_metrics_service_discovery.json` in Ray's temporary folder (default:
    the dashboard is asked for the list)
    """
    token_file: FilePath | None = None
    """file that holds its token (`RAY_AUTH_MODE=token`); sent to the dashboard alone: metrics pages ask for none"""

    @field_validator("probe_from")
    @classmethod
    def _is_probed_by_nobody(cls, nodes: tuple[str, ...]) -> tuple[str, ...]:
        if nodes:
            raise ValueError("Ray is read on its own nodes and probed from nowhere; leave this out")
        return nodes

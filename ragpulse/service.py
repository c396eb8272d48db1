"""What the description of every service has in common, whatever its kind."""

from typing import ClassVar

from ragpulse.model import Address, Duration, FilePath, Part
from ragpulse.service_values import Names, Nodes


class Tls(Part):
    ca_file: FilePath | None = None
    """certificates of an authority of your own, instead of the system's"""
    cert_file: FilePath | None = None
    """certificate that the agent shows; needs `key_file`. Files that change on disk are read anew"""
    key_file: FilePath | None = None
    """its private key"""
    server_name: Address | None = None
    """name in the service's certificate, where it is not the one in `url`"""


class Service(Part):
    """What all kinds share. `checks` are the probe requests that the kind can make."""

    checks: ClassVar[tuple[str, ...]] = ()

    nodes: Nodes
    """nodes where it lives; the first is its host or head"""
    probe_from: Names = ()
    """nodes that probe it (default: up to three others, chosen the same way each time)"""
    every: Duration | None = None
    """time between probes, from 1s (default: `monitoring.scrape_interval`, of a rag path the most); at most 30s, or
    3 × `scrape_interval` where that is more: a verdict needs two probes within its short window
    """
    timeout: Duration | None = None
    """of one probe request, from looking its name up to the last byte (default: 0.3 × `every`, at most 3s; of all
    stages of a rag path together 0.7 × `every`, at most 15s); all checks of a run must fit into `every`
    """
    depends_on: Names = ()
    """services that it needs"""
    tls: Tls | None = None
    """for a `url` with https"""

"""Do the agents of the other nodes answer, and are they of this version?

By GET /metrics of each, as Prometheus asks.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from functools import partial

from exporters.checks.check import Check, Result, Scene, failed, well
from exporters.checks.ways import Target, Ways
from exporters.http_client import Failure, HttpClient
from ragpulse import __version__, endpoints
from ragpulse.catalogue.agent import BUILD_INFO

_SECONDS = 3.0
_VERSION = re.compile(rf'^{BUILD_INFO.name}\{{version="([\w.+-]{{1,64}})"\}} 1(?:\.0)?$'.encode(), re.MULTILINE)


def checks(scene: Scene, ways: Ways) -> Iterator[Check]:
    for name, node in scene.cluster.nodes.items():
        if name != scene.node:
            ways.to_node(name)
            subject = f"agent {name}"
            port = ways.to_port(Target(node.address, node.port, f"nodes.{name}.port"), subject, frozenset())
            yield Check(subject, "answers", partial(result, scene, name), (port,))


def result(scene: Scene, node: str) -> Result:
    place = endpoints.agent(scene.cluster, node)
    client = HttpClient(f"http://{place}", timeout=_SECONDS)
    with contextlib.closing(client):
        try:
            found = _VERSION.search(client.get("/metrics").expect().body)
        except Failure as failure:
            mend = f"see the log of the agent on {node}, and whether it is stopped; then restart it"
            return failed(f"GET http://{place}/metrics: {failure}", mend)
    if found is None:
        return failed(
            f"what answers at {place} is no agent of ragpulse",
            f"correct nodes.{node}.address and port in {scene.file}, or stop what took that port",
        )
    if (version := found[1].decode()) != __version__:
        return failed(
            f"it is ragpulse {version}, and this is {__version__}",
            f"install the same version on {node} and {scene.node}, and restart both agents",
        )
    return well(f"ragpulse {version}")

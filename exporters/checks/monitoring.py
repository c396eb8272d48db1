"""Are Prometheus and Alertmanager ready, where they run? That they are not started yet is no fault."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

from exporters.checks.check import Check, Key, Result, Scene, failed, not_checked, well
from exporters.checks.ways import Target, Ways, reached
from exporters.http_client import Failure, HttpClient
from ragpulse import endpoints

_SECONDS = 3.0


def checks(scene: Scene, ways: Ways) -> Iterator[Check]:
    for program, places in (
        ("prometheus", endpoints.prometheus(scene.cluster)),
        ("alertmanager", endpoints.alertmanager(scene.cluster)),
    ):
        for node, place in places.items():
            parts = urlsplit(f"//{place}")
            target = Target(parts.hostname or "", parts.port or 0, f"monitoring.ports.{program}")
            far = node != scene.node and scene.is_out_of_reach(target.host)
            needs: tuple[Key, ...] = () if far else ways.to_host(target)
            run = partial(_away, node) if far else partial(result, target)
            yield Check(f"{program} {node}", "ready", run, needs)


def _away(node: str) -> Result:
    return not_checked(f"a single one listens on the loopback address of {node}: run ragpulse check there")


def result(target: Target) -> Result:
    place = endpoints.authority(target.host, target.port)
    if all(outcome.refused for _, outcome in reached(target.host, [target.port])):
        return not_checked(f"nobody listens on {place}: it does not run")
    client = HttpClient(f"http://{place}", timeout=_SECONDS)
    with contextlib.closing(client):
        try:
            client.get("/-/ready").expect()
        except Failure as failure:
            mend = f"see its log; when something else took the port, stop that or change {target.setting}"
            return failed(f"GET http://{place}/-/ready: {failure}", mend)
    return well(place)

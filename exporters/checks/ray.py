"""Does Ray's dashboard take our token, do all nodes of the cluster file live in it, and does it list its pages?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from exporters import ray_discovery, ray_head
from exporters.checks.check import Result, Scene, failed, not_checked, well
from exporters.ray_dashboard import RayDashboard, Told
from exporters.ray_members import Members
from ragpulse.tiers import addresses

if TYPE_CHECKING:
    from ragpulse.services import Ray


class RayAspects:
    def __init__(self, scene: Scene, service: str, ray: Ray, timeout: float) -> None:
        self._scene = scene
        self._ray = ray
        self._timeout = timeout
        self._at = f"services.{service}"
        self._version = ""

    def dashboard(self) -> Result:
        told = self._look()
        if told.state == "answering":
            return well(f"version {self._version}" if self._version else "answers")
        mends = {
            "refusing": f"write Ray's token into the file of {self._at}.token_file in {self._scene.file}",
            "unreachable": f"see ray status and the dashboard's log on {self._ray.nodes[0]}",
        }
        detail = "; ".join(told.problems) or f"it is {told.state}"
        return failed(
            detail, mends.get(told.state, f"correct {self._at}.url in {self._scene.file}: it is no dashboard")
        )

    def nodes(self) -> Result:
        listed = self._look().nodes
        if listed is None:
            return not_checked("the dashboard does not list them now")
        nodes = {name: addresses(self._scene.cluster.nodes[name]).values() for name in self._ray.nodes}
        living, _ = ray_head.by_state_api(listed, Members(nodes), self._timeout)
        if missing := [node for node in self._ray.nodes if node not in living.nodes]:
            return failed(
                f"{', '.join(missing)} does not live in it",
                f"on {missing[0]}: ray start --address=<head>:6379, or correct {self._at}.nodes in {self._scene.file}",
            )
        return well(f"all {len(self._ray.nodes)} live")

    def discovery(self) -> Result:
        file = Path(self._ray.discovery_file or "")
        state = ray_discovery.read(file, time.time()).state
        if state == "present":
            return well(str(file))
        return failed(
            f"{file} is {state}",
            f"name prom_metrics_service_discovery.json in the temporary folder of the running Ray as"
            f" {self._at}.discovery_file in {self._scene.file}, or leave that key out",
        )

    def _look(self) -> Told:
        ends = time.monotonic() + 2 * self._timeout
        dashboard = RayDashboard(self._ray, self._timeout)
        told = dashboard.look(lambda: max(0.0, ends - time.monotonic()), wants_targets=False)
        self._version = dashboard.version or ""
        return told

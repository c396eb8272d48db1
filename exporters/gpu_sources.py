"""Everything that the agent of one node reads of its GPUs, all from the one NVML that `gpu_state` opens and closes.

Where no GPU was ever seen only `gpu_state` runs, and without an NVIDIA library nothing of the binding is loaded.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from exporters.clocks import MACHINE, Clocks
from exporters.dcgm import Dcgm
from exporters.gpu_activity import GpuActivity
from exporters.gpu_consumers import planned_consumers
from exporters.gpu_device import GpuDevice
from exporters.gpu_faults import GpuFaults
from exporters.gpu_links import GpuLinks
from exporters.gpu_load import GpuLoad
from exporters.gpu_memory import GpuMemory
from exporters.gpu_mig import GpuMig
from exporters.gpu_recovery import GpuRecovery
from exporters.gpu_state import GpuState
from exporters.gpu_throttle import GpuThrottle
from exporters.gpu_xid import GpuXid
from exporters.nvml import Nvml
from exporters.planned import Planned

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster


def gpu_sources(
    cluster: Cluster, node_name: str, nvml: Nvml, *, root: Path = Path("/"), clocks: Clocks = MACHINE
) -> list[Planned]:
    """Nothing is read yet. `nvml` is that of the agent, the same at each reload."""
    node = cluster.nodes[node_name]
    if node.gpu == "disabled":
        return [Planned(GpuState(nvml, disabled=True), settings=node.gpu)]
    target = cluster.targets.gpu_utilization
    band = (target.low, target.high) if target else None
    load = GpuLoad(nvml, band, every=node.gpu_interval, clock=clocks.awake)
    activity = GpuActivity(nvml, disabled=node.gpm == "disabled", dcgm=Dcgm(root, clocks.awake), clock=clocks.awake)
    of_gpus = [
        Planned(load, settings=(band, node.gpu_interval)),
        Planned(GpuMemory(nvml, root)),
        Planned(GpuDevice(nvml, root)),
        Planned(GpuThrottle(nvml, clocks.awake)),
        Planned(GpuLinks(nvml, root, clocks.awake)),
        Planned(GpuFaults(nvml)),
        Planned(GpuXid(nvml, clocks.wall)),
        Planned(GpuRecovery(nvml)),
        Planned(activity, settings=node.gpm),
        Planned(GpuMig(nvml)),
        *planned_consumers(nvml, pids=node.gpu_pids, docker_socket=node.docker_socket, root=root),
    ]
    return [
        Planned(GpuState(nvml, root=root, clock=clocks.awake), settings=node.gpu),
        *(replace(planned, when=nvml.has_seen_any) for planned in of_gpus),
    ]

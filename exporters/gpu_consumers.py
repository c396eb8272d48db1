"""Who uses each GPU: how much of its memory, and what share of its SM time, by container, systemd unit or program?

Source: NVML's lists of processes with compute and graphics contexts (one that has both stands in both, and counts
once), and its utilisation samples: one for each process that ran since the stamp of the last one seen. The first
answer tells of a past without a beginning and is not shown. Bytes, ratios. What NVML does not say of a process is left
out, never 0: then its consumer has no memory. Memory of processes is not memory in use, for driver and libraries take
some, and where CPU and GPU share it the pool is the whole node's. The 20 largest consumers of a GPU have a name, the
others together are `other`. Errors: as of `each`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporters.docker_names import DockerNames
from exporters.gpu_each import each
from exporters.gpu_mig import instances
from exporters.nvml import Nvml
from exporters.nvml_error import NvmlError
from exporters.nvml_gpu import Gpu
from exporters.planned import Planned
from exporters.process_owner import Owner, ProcessOwners
from exporters.source import READING_INTERVAL
from ragpulse.catalogue.gpu_use import CONSUMER_MEMORY, CONSUMER_SM, CONSUMERS
from ragpulse.metric import Metric, Sample

MOST = 20
_SHORT_ID = 12  # characters of a container's id that Docker itself shows
_HIGHEST = 100  # percent; some drivers give more for processes that are none
_TRIES = 3  # processes may come between asking how many there are and asking for them
_SUCCESS = 0
_NOTHING_NEW = "not_found"
_RACE = "insufficient_size"

Pids = dict[int, int | None]  # pid → bytes, None where NVML does not say
NameOf = Callable[[str], str | None]


@dataclass
class _Use:
    memory: int | None = 0
    sm: float | None = 0.0

    def add(self, memory: int | None, sm: float | None) -> None:
        self.memory = None if self.memory is None or memory is None else self.memory + memory
        self.sm = None if self.sm is None or sm is None else min(1.0, self.sm + sm)


@dataclass
class _Seen:
    """Of one GPU: the newest stamp of its utilisation samples, and whether there was an answer before."""

    stamp: int = 0
    before: bool = False


class GpuConsumers:
    name: str = "gpu_consumers"
    interval: float = READING_INTERVAL
    timeout: float = 3.0
    max_age: float | None = None
    emits: tuple[Metric, ...] = (CONSUMER_MEMORY, CONSUMER_SM, CONSUMERS)

    def __init__(
        self, nvml: Nvml, name_of: NameOf = lambda _: None, *, pids: bool = False, root: Path = Path("/")
    ) -> None:
        self._nvml = nvml
        self._name_of = name_of
        self._pids = pids
        self._owners = ProcessOwners(root)
        self._seen: defaultdict[str, _Seen] = defaultdict(_Seen)

    def read(self) -> Iterator[Sample]:
        yield from each(self._nvml.gpus(), self._of)

    def _of(self, gpu: Gpu) -> list[Sample]:
        running = _running(gpu)
        if running is None:
            return []
        shares = self._shares(gpu, running)
        uses: defaultdict[Owner, _Use] = defaultdict(_Use)
        for pid, memory in running.items():
            uses[self._consumer(pid)].add(memory, None if shares is None else shares.get(pid, 0.0))
        return [CONSUMERS(len(uses), gpu=gpu.label), *_samples(gpu.label, _largest(uses))]

    def _consumer(self, pid: int) -> Owner:
        owner = self._owners.of(pid)
        name = owner.name
        if owner.kind == "container":
            name = self._name_of(owner.name) or owner.name[:_SHORT_ID]
        return Owner(owner.kind, f"{name}[{pid}]" if self._pids else name)

    def _shares(self, gpu: Gpu, running: Pids) -> dict[int, float] | None:
        """By pid, the mean of its samples as a ratio. None when the card has none, and at the first answer."""
        seen = self._seen[gpu.label]
        found = _utilization(gpu, seen.stamp)
        if found is None:
            return None
        samples: defaultdict[int, list[int]] = defaultdict(list)
        for sample in found:
            # Drivers were seen to fill up the list with entries of nobody, whose stamps must not be taken for times.
            if sample.pid in running and sample.smUtil <= _HIGHEST:
                samples[sample.pid].append(sample.smUtil)
                seen.stamp = max(seen.stamp, sample.timeStamp)
        is_first, seen.before = not seen.before, True
        return None if is_first else {pid: sum(each) / len(each) / _HIGHEST for pid, each in samples.items()}


def planned_consumers(nvml: Nvml, *, pids: bool, docker_socket: str | None, root: Path = Path("/")) -> list[Planned]:
    """With the source of names where there is a socket. They share their settings, for they come and go together."""
    settings = (pids, docker_socket)
    if docker_socket is None:
        return [Planned(GpuConsumers(nvml, pids=pids, root=root), settings)]
    names = DockerNames(docker_socket)
    return [Planned(names, settings), Planned(GpuConsumers(nvml, names.name_of, pids=pids, root=root), settings)]


def _running(gpu: Gpu) -> Pids | None:
    """None where the card does not say who runs on it."""
    lists = _lists(gpu)
    if all(each is None for each in lists):
        # Only a user with more rights may ask a GPU for the processes of its MIG instances, but these anybody.
        with gpu.nvml.held():
            lists = [each for instance in instances(gpu) for each in _lists(instance)]
    if all(each is None for each in lists):
        return None
    contexts: dict[tuple[int, int], int | None] = {}
    for process in (process for listed in lists for process in listed or ()):
        key = process.pid, process.gpuInstanceId
        known = [memory for memory in (contexts.get(key), process.usedGpuMemory) if memory is not None]
        contexts[key] = max(known, default=None)
    pids: Pids = {}
    for (pid, _), memory in contexts.items():
        before = pids.get(pid, 0)
        pids[pid] = None if before is None or memory is None else before + memory
    return pids


def _lists(gpu: Gpu) -> list[Any]:
    return [_asked(gpu, f"Get{kind}RunningProcesses_v3") for kind in ("Compute", "Graphics")]


def _utilization(gpu: Gpu, after: int) -> Any:
    try:
        return _asked(gpu, "GetProcessUtilization", after)
    except NvmlError as error:
        # The binding takes an answer without samples for an error of the driver, whose number is that of success.
        if error.reason == _NOTHING_NEW or getattr(error.__cause__, "value", None) == _SUCCESS:
            return ()
        if error.reason == _RACE:
            return None
        raise


def _asked(gpu: Gpu, function: str, *arguments: Any) -> Any:
    """As `gpu.ask`, and again when a process came between NVML's count of them and its list."""
    for _ in range(_TRIES - 1):
        try:
            return gpu.ask(function, *arguments)
        except NvmlError as error:
            if error.reason != _RACE:
                raise
    return gpu.ask(function, *arguments)


def _largest(uses: dict[Owner, _Use]) -> Iterable[tuple[Owner, _Use]]:
    ranked = sorted(uses.items(), key=lambda each: (-(each[1].memory or 0), -(each[1].sm or 0.0), each[0].name))
    yield from ranked[:MOST]
    if rest := ranked[MOST:]:
        others = _Use()
        for _, use in rest:
            others.add(use.memory, use.sm)
        yield Owner("other", "other"), others


def _samples(gpu: str, uses: Iterable[tuple[Owner, _Use]]) -> Iterator[Sample]:
    for owner, use in uses:
        labels = {"gpu": gpu, "kind": owner.kind, "consumer": owner.name}
        if use.memory is not None:
            yield CONSUMER_MEMORY(use.memory, **labels)
        if use.sm is not None:
            yield CONSUMER_SM(use.sm, **labels)

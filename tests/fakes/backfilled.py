"""A real Prometheus that holds a past written by us: probes every 10 s whose durations are known, window after window.

Each service is a list of windows, one after the other, the last of which ended a minute ago; a window is the duration
of each probe in seconds, None for one that failed.
"""

import math
import subprocess
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ragpulse.metric import LATENCY_EDGES, number
from ragpulse.stack.process import Process
from tests.fakes.binaries import binary
from tests.fakes.running import answers, free_ports, running, until

STEP = 10
Durations = Sequence[float | None]


@dataclass(frozen=True)
class Past:
    """url: of the Prometheus. ends: Unix time of the end of each window."""

    url: str
    ends: tuple[int, ...]


@dataclass(frozen=True)
class Recorded:
    """A series of values every 10 s, the last one at the end."""

    name: str
    labels: str
    values: Sequence[float]


@contextmanager
def past(
    folder: Path,
    services: Mapping[str, Sequence[Durations]],
    *,
    check: str = "ready",
    generation: int = 0,
    more: Iterable[Recorded] = (),
    steps: int = 0,
) -> Iterator[Past]:
    """`steps`: of the one window, where there is no service."""
    windows = next(iter(services.values()), [[None] * steps])
    end = (int(time.time()) - 60) // STEP * STEP
    start = end - STEP * sum(map(len, windows))
    ends = tuple(start + STEP * sum(map(len, windows[: index + 1])) for index in range(len(windows)))
    lines = [*(_exposed(services, check, start) if services else ()), *_gauges(more, end), "# EOF\n"]
    (folder / "past.txt").write_text("".join(lines))
    subprocess.run(
        [
            binary("promtool", generation), "tsdb", "create-blocks-from", "openmetrics", folder / "past.txt",
            folder / "data",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    with holding(folder, generation) as url:
        yield Past(url, ends)


@contextmanager
def holding(folder: Path, generation: int) -> Iterator[str]:
    """The URL of a Prometheus over the blocks in `folder`/data, which scrapes nothing."""
    (folder / "prometheus.yml").write_text("{}")
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    arguments = (
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    process = Process("prometheus", (str(binary("prometheus", generation)), *arguments), "a real one")
    with running(process, folder / "log"):
        until(lambda: answers(f"{url}/-/ready"), "Prometheus")
        yield url


def _exposed(services: Mapping[str, Sequence[Durations]], check: str, start: int) -> Iterator[str]:
    """One metric after the other, as OpenMetrics wants it; of each series every sample."""
    histogram, requests, failures = (
        f"ragpulse_probe_{name}" for name in ("duration_seconds", "requests", "failures")
    )  # fmt: skip
    counts = {
        name: list(_counted([each for window in windows for each in window])) for name, windows in services.items()
    }
    yield f"# TYPE {histogram} histogram\n"
    for name, rows in counts.items():
        labels = f'service="{name}",check="{check}",node="a",cluster="home"'
        edges = [*map(number, LATENCY_EDGES), "+Inf"]
        for index, (seconds, _, buckets) in enumerate(rows):
            at = start + STEP * index
            for edge, count in zip(edges, buckets, strict=True):
                yield f'{histogram}_bucket{{{labels},le="{edge}"}} {count} {at}\n'
            yield f"{histogram}_sum{{{labels}}} {seconds!r} {at}\n{histogram}_count{{{labels}}} {buckets[-1]} {at}\n"
    for metric in (requests, failures):
        yield f"# TYPE {metric} counter\n"
        for name, rows in counts.items():
            labels = f'service="{name}",check="{check}",node="a",cluster="home"'
            for index, (_, failed, buckets) in enumerate(rows):
                count = failed if metric == failures else failed + buckets[-1]
                extra = ',reason="timeout"' if metric == failures else ""
                yield f"{metric}_total{{{labels}{extra}}} {count} {start + STEP * index}\n"


def _gauges(more: Iterable[Recorded], end: int) -> Iterator[str]:
    for name, series in groupby(sorted(more, key=lambda one: one.name), key=lambda one: one.name):
        yield f"# TYPE {name} gauge\n"
        for one in series:
            for index, value in enumerate(one.values):
                yield f"{name}{{{one.labels}}} {value!r} {end - STEP * (len(one.values) - 1 - index)}\n"


def _counted(durations: Durations) -> Iterator[tuple[float, int, list[int]]]:
    """Seconds, failures and cumulative buckets before the first probe and after each."""
    seconds, failed, buckets = 0.0, 0, [0] * (len(LATENCY_EDGES) + 1)
    yield seconds, failed, list(buckets)
    for each in durations:
        if each is None:
            failed += 1
        else:
            assert math.isfinite(each)
            seconds += each
            for index in range(bisect_left(LATENCY_EDGES, each), len(buckets)):
                buckets[index] += 1
        yield seconds, failed, list(buckets)

"""A month that Prometheus did not live through: what the budget rules recorded in it, written as blocks by promtool.

Only what they read again is written: bad and all events per second of each objective, and how available the cluster
was. Blocks are as long as Prometheus itself makes them of a month. Errors: CalledProcessError.
"""

import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from ragpulse import budget
from ragpulse.inventory import Cluster

DAYS = 31
_BLOCK = 54 * 3600  # seconds: 2 h, three times tripled; each begins at a multiple of its length
_BAD_EVERY = 900  # samples: of one in so many, half failed


def write(cluster: Cluster, promtool: Path, end: float, folder: Path) -> int:
    """Blocks in `folder`/data that end with `end`, in Unix seconds; how many samples they hold."""
    step = int(budget.step(cluster))
    last = int(end) // step * step
    first = last - DAYS * 86400
    written = 0
    begin = first
    while begin <= last:
        until = min((begin // _BLOCK + 1) * _BLOCK, last + step)
        times = range(begin, until, step)
        file = folder / "past.txt"
        with file.open("w") as opened:
            opened.writelines(_lines(cluster, times))
        subprocess.run(
            [
                promtool, "tsdb", "create-blocks-from", f"--max-block-duration={_BLOCK}s", "openmetrics", file,
                folder / "data",
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        file.unlink()
        written += len(times) * (2 * len(budget.budgeted(cluster)) + 1)
        begin = times[-1] + step
    return written


def _lines(cluster: Cluster, times: range) -> Iterator[str]:
    per_second = 1 / cluster.monitoring.scrape_interval
    labels = [
        ",".join(f'{name}="{value}"' for name, value in {"cluster": cluster.name, **each.labels}.items())
        for each in budget.budgeted(cluster)
    ]
    series = chain(
        ((budget.errors(cluster), each, per_second / 2, 0.0) for each in labels),
        ((budget.events(cluster), each, per_second, per_second) for each in labels),
        [(budget.CLUSTER_AVAILABLE, f'cluster="{cluster.name}"', 0.5, 1.0)],
    )
    told = ""
    for name, label, seldom, usually in series:
        if name != told:
            yield f"# TYPE {name} gauge\n"
            told = name
        for index, at in enumerate(times):
            yield f"{name}{{{label}}} {seldom if index % _BAD_EVERY == 0 else usually!r} {at}\n"
    yield "# EOF\n"

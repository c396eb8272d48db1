"""The real agent with sources that are made up: as many as wanted, with as many series, and some may hang for ever.

Half of those hang in Python, half in a system call, as a driver would.
"""

import argparse
import os
import threading
import time
from collections.abc import Iterable

from exporters import log
from exporters.agent import serve
from exporters.ending import leave
from exporters.planned import Planned
from exporters.server import listener
from ragpulse.catalogue.memory import GAUGE
from ragpulse.metric import Metric, Sample


class MadeUp:
    """Values change with each run, as readings do."""

    max_age: float | None = None
    emits: tuple[Metric, ...] = (GAUGE,)

    def __init__(self, number: int, interval: float, series: int) -> None:
        self.name = f"made_up_{number}"
        self.interval = interval
        self.timeout = interval / 2
        self._series = series

    def read(self) -> Iterable[Sample]:
        now = time.monotonic()
        return [GAUGE(now * (n + 1), service=self.name, name=f"reading_{n}") for n in range(self._series)]


class HungInPython(MadeUp):
    def read(self) -> Iterable[Sample]:
        threading.Event().wait()
        return ()


class HungInTheSystem(MadeUp):
    def read(self) -> Iterable[Sample]:
        readable, _ = os.pipe()
        os.read(readable, 1)
        return ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--sources", type=int, required=True, help="how many of them work")
    parser.add_argument("--hung", type=int, default=0, help="how many more hang")
    parser.add_argument("--series", type=int, required=True, help="of each source")
    parser.add_argument("--interval", type=float, required=True, help="seconds between two runs of each source")
    options = parser.parse_args()
    hung = [
        (HungInPython if number % 2 else HungInTheSystem)(number, options.interval, options.series)
        for number in range(options.hung)
    ]
    working = [
        MadeUp(number, options.interval, options.series)
        for number in range(options.hung, options.hung + options.sources)
    ]
    log.to_stderr()
    with listener("127.0.0.1", options.port, "--port") as bound:
        wanted = [Planned(source) for source in (*hung, *working)], ""
        serve(wanted, "alpha", bound, lambda: wanted)
    leave(0)


if __name__ == "__main__":
    main()

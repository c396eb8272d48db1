"""The real agent as a process of its own, with 40 sources that hang for ever and one that does not.

Half of them hang in Python, half in a system call, as a driver would. The log says where it listens.
"""

import os
import threading
from collections.abc import Callable
from typing import Any

from exporters import log
from exporters.agent import serve
from exporters.ending import leave
from exporters.planned import Planned
from exporters.server import listener
from tests.fakes.sources import FakeSource, up

HUNG = 40
INTERVAL = 0.2
TIMEOUT = 0.1


def hang_in_python() -> Any:
    threading.Event().wait()


def hang_in_a_system_call() -> Any:
    readable, _ = os.pipe()
    os.read(readable, 1)


def source(name: str, answer: Callable[[], Any]) -> FakeSource:
    return FakeSource(name, answer, interval=INTERVAL, timeout=TIMEOUT)


if __name__ == "__main__":
    log.to_stderr()
    hung = [source(f"hung {n}", hang_in_python if n % 2 else hang_in_a_system_call) for n in range(HUNG)]
    with listener("127.0.0.1", 0, "the port of the test") as bound:
        sources = [Planned(each) for each in (*hung, source("healthy", lambda: [up("healthy")]))]
        serve((sources, ""), "alpha", bound, lambda: (sources, ""))
    leave(0)

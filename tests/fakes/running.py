"""Processes of the plan as real processes, stopped for certain at the end of a `with` block."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path

import httpx

from ragpulse.stack.process import Process
from tests.fakes import loopback

ROOT = Path(__file__).parent.parent.parent
_STOP_SECONDS = 10.0
_PORTS = range(11_000, 31_000)
_BEGIN = os.getpid() * 613 % len(_PORTS)  # far from where any other process of tests begins
_ports = cycle([*_PORTS[_BEGIN:], *_PORTS[:_BEGIN]])


@contextmanager
def running(process: Process, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Started in the folder of its log, as little at home as a process can be."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **process.environment}
    with log.open("ab") as output:
        started = subprocess.Popen(
            process.argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=log.parent
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait(_STOP_SECONDS)
            raise


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, all different, and below those that the kernel gives to connections.

    Each process of tests goes through them from another one on, so that none takes what another is about to use.
    """
    found: list[int] = []
    while len(found) < count:
        port = next(_ports)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
    return found


def until(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Looks at a real condition until it holds; `seconds` bounds a broken test and is never reached by a good one.

    Most of what is waited for is a thread, and comes at once; what takes long is looked at less often.
    """
    deadline, pause = time.monotonic() + seconds, 0.0005
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come to be within {seconds:g} s"
        time.sleep(pause)
        pause = min(2 * pause, 0.02)


def answers(url: str) -> bool:
    try:
        return loopback.get(url).is_success
    except httpx.HTTPError:
        return False

"""Processes of the plan as real processes, stopped for certain at the end of a `with` block."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from ragpulse.stack.process import Process
from tests.fakes import loopback

ROOT = Path(__file__).parent.parent.parent
_STOP_SECONDS = 10.0


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
    """Ports that were free a moment ago, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


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

"""Servers that are measured: started here, ended here by their own handles, whatever happens in between."""

import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from benchmarks.connection import Connection
from benchmarks.pacing import Target
from ragpulse.errors import RagpulseError
from ragpulse.stack import log_file

HOST = "127.0.0.1"
_ROOT = Path(__file__).parents[1]
_PATIENCE = 60.0
_LOOK = 0.02
_GRACE = 5.0
_LOG_LINES = 5
_FIRST_PORT, _LAST_PORT = 21_000, 31_000
_ports = iter(range(_FIRST_PORT, _LAST_PORT))


class NotStartedError(RagpulseError):
    """What was to be measured does not run."""


class Server:
    """`ready`: the path that answers well once the server can do its work."""

    def __init__(
        self, argv: tuple[str, ...], port: int, ready: str, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._port = port
        self.address = f"{HOST}:{port}"
        self._ready = f"http://{HOST}:{port}{ready}"
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=_ROOT, env=environment
            )
        self.pid = self._process.pid
        self._targets: list[Target] = []

    def wait(self, client: httpx.Client) -> None:
        """Until it is ready. Errors: NotStartedError with its last words."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(httpx.HTTPError):
                if client.get(self._ready).is_success:
                    return
            time.sleep(_LOOK)
        words = log_file.last_lines(self._log, _LOG_LINES)
        raise NotStartedError("\n".join([f"{self._ready} does not answer; its log ends with:", *words]))

    def target(self) -> Target:
        """With a connection of its own, which ends with the server."""
        self._targets.append(Target(self.pid, Connection(HOST, self._port)))
        return self._targets[-1]

    def terminate(self) -> None:
        for target in self._targets:
            target.connection.close()
        self._process.terminate()

    def see_end(self) -> None:
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Servers:
    """All servers of one `with` block; their logs go to `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers: list[Server] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(self._servers)

    def ours(self, cluster: Path, environment: Mapping[str, str] | None = None) -> Server:
        """The agent as a node runs it; the cluster has one node, `alpha`. `environment`: instead of ours."""
        port = free_port()
        argv = ("-m", "ragpulse", "agent", "--config", str(cluster), "--node", "alpha", "--listen", f"{HOST}:{port}")
        return self._start((sys.executable, *argv), port, "/readyz", environment)

    def made_up(self, *options: str) -> Server:
        """An agent of ours with sources that are made up."""
        port = free_port()
        argv = (sys.executable, "-m", "benchmarks.made_up_agent", f"--port={port}", *options)
        return self._start(argv, port, "/readyz")

    def theirs(self, program: Path) -> Server:
        """node_exporter with its default collectors."""
        port = free_port()
        return self._start((str(program), f"--web.listen-address={HOST}:{port}"), port, "/")

    def web_service(self, page: Path | None = None) -> tuple[Server, str]:
        """Something for probes to look at, and its URL; it answers with `page`."""
        port = free_port()
        said = () if page is None else (f"--page={page}",)
        server = self._start((sys.executable, "-m", "benchmarks.web_service", f"--port={port}", *said), port, "/")
        return server, f"http://{HOST}:{port}/"

    def program(
        self, argv: tuple[str, ...], port: int, ready: str, environment: Mapping[str, str] | None = None
    ) -> Server:
        """Anything else."""
        return self._start(argv, port, ready, environment)

    def wait(self) -> None:
        """Until all are ready. Errors: NotStartedError."""
        with httpx.Client(trust_env=False, timeout=5) as client:
            for server in self._servers:
                server.wait(client)

    def end(self, servers: list[Server]) -> None:
        for server in servers:
            server.terminate()
        for server in servers:
            server.see_end()

    def _start(
        self, argv: tuple[str, ...], port: int, ready: str, environment: Mapping[str, str] | None = None
    ) -> Server:
        self._servers.append(Server(argv, port, ready, self._folder / f"{port}.log", environment))
        return self._servers[-1]


def free_port() -> int:
    """Each another, and below those that the kernel gives to connections: nobody takes it before its server does."""
    for port in _ports:
        with suppress(OSError), socket.create_server((HOST, port)):
            return port
    raise NotStartedError(f"no port below {_LAST_PORT} is free")

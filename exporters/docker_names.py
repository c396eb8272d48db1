"""What are the containers of this node called? For who knows their ids only. Source: the Docker API on a Unix socket.

`GET /containers/json` is all that is ever asked; Podman's socket answers it alike. It is asked at the start, when
somebody wanted a name that was not in the last answer, and every five minutes, for a container may be renamed. A name
is looked up in memory: nobody waits for Docker. Seconds and bytes. Errors: SourceError.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import httpcore

from exporters.process_owner import readable
from exporters.source import SourceError
from ragpulse.metric import Metric, Sample

_EVERY = 10.0
_ANEW = 300.0
_ANSWER_WITHIN = 5.0
_MOST_BYTES = 4 * 1024 * 1024  # of one answer, head and body
_URL = "http://docker/containers/json"  # the host is a formality


class DockerNames:
    """A source without metrics: run as one, it has a thread, a deadline, and a row on the landing page."""

    name: str = "docker_names"
    interval: float = _EVERY
    timeout: float = _ANSWER_WITHIN + 1.0
    max_age: float | None = None
    emits: tuple[Metric, ...] = ()

    def __init__(self, path: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}
        self._nameless: set[str] = set()  # wanted, and not in the last answers
        self._wanted: set[str] = set()
        self._answered: float | None = None

    def name_of(self, container: str) -> str | None:
        """By the whole id; None as long as it is not known. Never blocks."""
        with self._lock:
            found = self._names.get(container)
            if found is None and container not in self._nameless:
                self._wanted.add(container)
            return found

    def read(self) -> Iterator[Sample]:
        with self._lock:
            wanted, self._wanted = self._wanted, set()
        now = self._clock()
        is_due = self._answered is None or now - self._answered >= _ANEW
        if is_due or wanted:
            self._answered = None
            names = self._listed()
            with self._lock:
                self._nameless = (wanted if is_due else wanted | self._nameless) - names.keys()
                self._names = names
            self._answered = now
        return iter(())

    def _listed(self) -> dict[str, str]:
        try:
            status, body = _get(self._path, self._clock() + _ANSWER_WITHIN, self._clock)
        except PermissionError as error:
            raise SourceError(f"docker_socket {self._path}: run the agent as a user that may use it") from error
        except OSError as error:
            raise SourceError(f"docker_socket {self._path}: {error.strerror or error}") from error
        except (httpcore.ProtocolError, _TooLongError) as error:
            raise SourceError(f"docker_socket {self._path}: {error}") from error
        if status != HTTPStatus.OK:
            raise SourceError(f"docker_socket {self._path}: answers with HTTP {status}")
        try:
            return dict(_named(json.loads(body)))
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise SourceError(f"docker_socket {self._path}: does not answer as Docker does") from error


def _named(containers: Any) -> Iterator[tuple[str, str]]:
    for container in containers:
        if container["Names"]:
            yield str(container["Id"]), readable(str(container["Names"][0]).removeprefix("/"))


def _get(path: str, ends: float, clock: Callable[[], float]) -> tuple[int, bytes]:
    """Status and body. A connection of its own each time: it is asked seldom, and Docker may have been restarted."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as opened:
        opened.settimeout(_ANSWER_WITHIN)
        opened.connect(path)
        stream = _Bounded(opened, lambda: ends - clock())
        with httpcore.HTTP11Connection(httpcore.URL(_URL).origin, stream) as connection:
            response = connection.request("GET", _URL, headers={"Host": "docker", "Connection": "close"})
            return response.status, response.content


class _TooLongError(Exception):
    pass


class _Bounded(httpcore.NetworkStream):
    """One deadline and one size for a whole answer, however slowly it drips."""

    def __init__(self, opened: socket.socket, left: Callable[[], float]) -> None:
        self._socket = opened
        self._left = left
        self._room = _MOST_BYTES

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the whole has its own
        self._limit()
        received = self._socket.recv(max_bytes)
        self._room -= len(received)
        if self._room < 0:
            raise _TooLongError(f"answers with more than {_MOST_BYTES} bytes")
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as above
        self._limit()
        if buffer:  # nothing, sent to a server that has answered and gone, would be an error
            self._socket.sendall(buffer)

    def close(self) -> None:
        self._socket.close()

    def _limit(self) -> None:
        left = self._left()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left)

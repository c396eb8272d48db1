"""Is every port free that a plan needs, and if not: whose is it and which setting moves ours?"""

import errno
import ipaddress
import socket
from collections.abc import Iterable
from pathlib import Path

import psutil

from ragpulse.errors import RagpulseError
from ragpulse.stack.identity import state_of
from ragpulse.stack.process import Listen, Process


class PortError(RagpulseError):
    """One line for each port that cannot be had. Nothing was started."""

    exit_code = 2


def require_free(processes: Iterable[Process], but_for: Path | None = None) -> None:
    """`but_for`: what the stack of this state folder holds does not count, it is about to end. Errors: PortError."""
    problems = [line for listen, line in taken(processes) if but_for is None or _state_at(listen) != str(but_for)]
    if problems:
        raise PortError("\n".join(problems))


def taken(processes: Iterable[Process]) -> list[tuple[Listen, str]]:
    """Each socket of the plan that cannot be opened, with the line that says why."""
    found: list[tuple[Listen, str]] = []
    first: dict[str, str] = {}
    for process in processes:
        for listen in process.listens:
            other = first.setdefault(str(listen), process.name)
            if other != process.name:
                found.append((listen, f"{listen} is wanted by {other} and by {process.name}: change {listen.setting}"))
            elif (error := _bind_error(listen)) is not None:
                found.append((listen, f"{process.name} cannot listen on {listen}: {_reason(listen, error)}"))
    return found


def _bind_error(listen: Listen) -> OSError | None:
    """As servers do it: SO_REUSEADDR, so that connections which are only fading away do not count."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            listen.address, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def _reason(listen: Listen, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"the port is taken by {_owner(listen)}, or change {listen.setting}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this machine has no such address; change {listen.setting}"
    if error.errno == errno.EACCES:
        return f"ports below 1024 need root; change {listen.setting}"
    return f"{error.strerror}; change {listen.setting}"


def _owner(listen: Listen) -> str:
    """Whose it is, and what to do about that."""
    pid = _listening_pid(listen)
    if pid is None:
        return "a program that only root can see: stop it"
    if (folder := state_of(pid)) is not None:
        state = Path(folder)
        if state.name == ".ragpulse":
            return f"ragpulse of {state.parent}: run `make down` there"
        return f"ragpulse of {state}: run `ragpulse down --state {state}`"
    try:
        return f"{psutil.Process(pid).name()} (pid {pid}): stop it"
    except psutil.Error:
        return f"pid {pid}: stop it"


def _state_at(listen: Listen) -> str | None:
    pid = _listening_pid(listen)
    return None if pid is None else state_of(pid)


def _listening_pid(listen: Listen) -> int | None:
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return None
    pids = [
        connection.pid
        for connection in connections
        if connection.status == psutil.CONN_LISTEN
        and connection.laddr
        and connection.laddr.port == listen.port
        and _covers(connection.laddr.ip, listen.address)
    ]
    return next((pid for pid in pids if pid is not None), None)


def _covers(bound: str, wanted: str) -> bool:
    return bound == wanted or ipaddress.ip_address(bound.partition("%")[0]).is_unspecified

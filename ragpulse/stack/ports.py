"""Is every port free that a plan needs, and if not: whose is it and which setting moves ours?"""

import errno
import ipaddress
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from ragpulse.errors import RagpulseError
from ragpulse.stack.closing import command
from ragpulse.stack.identity import state_of
from ragpulse.stack.process import Listen, Process
from ragpulse.stack.state import State


class PortError(RagpulseError):
    """One line for each port that cannot be had. Nothing was started."""

    exit_code = 2


def require_free(processes: Iterable[Process], but_for: Path | None = None) -> None:
    """`but_for`: what the stack of this state folder holds does not count, it is about to end. Errors: PortError."""
    if problems := taken(processes, but_for):
        raise PortError("\n".join(line for _, line in problems))


def taken(processes: Iterable[Process], but_for: Path | None = None) -> list[tuple[Listen, str]]:
    """Each socket of the plan that cannot be opened, with the line that says why. `but_for`: see above."""
    found: list[tuple[Listen, str]] = []
    first: dict[str, str] = {}
    for process in processes:
        for listen in process.listens:
            other = first.setdefault(str(listen), process.name)
            if other != process.name:
                found.append((listen, f"{listen} is wanted by {other} and by {process.name}: change {listen.setting}"))
            elif (error := _bind_error(listen)) is not None and not _held_by(but_for, listen, error):
                found.append((listen, f"{process.name} cannot listen on {listen}: {_reason(listen, error)}"))
    return found


def _bind_error(listen: Listen) -> OSError | None:
    """As servers do it: SO_REUSEADDR, so that connections which are only fading away do not count."""
    try:
        family, kind, protocol, _, address = _resolved(listen)
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def _resolved(listen: Listen) -> tuple[int, int, int, str, tuple[Any, ...]]:
    """What a host name stands for here, as a server that listens on it takes it. Errors: OSError."""
    return socket.getaddrinfo(listen.address, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]


def _held_by(state: Path | None, listen: Listen, error: OSError) -> bool:
    if state is None or error.errno != errno.EADDRINUSE:
        return False
    pid = _listening_pid(listen)
    return pid is not None and state_of(pid) == str(state)


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
        return f"ragpulse of {state}: run `{command('down', State(state))}`"
    try:
        return f"{psutil.Process(pid).name()} (pid {pid}): stop it"
    except psutil.Error:
        return f"pid {pid}: stop it"


def _listening_pid(listen: Listen) -> int | None:
    """Of whoever listens where `listen` would, as far as we may see it."""
    try:
        address = _resolved(listen)[4][0]
        connections = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return None
    pids = [
        connection.pid
        for connection in connections
        if connection.status == psutil.CONN_LISTEN
        and connection.laddr
        and connection.laddr.port == listen.port
        and _collide(connection.laddr.ip, str(address))
    ]
    return next((pid for pid in pids if pid is not None), None)


def _collide(bound: str, wanted: str) -> bool:
    ours, theirs = (_parsed(address) for address in (wanted, bound))
    return ours == theirs or ours.is_unspecified or theirs.is_unspecified


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An IPv4 address that is bound as an IPv6 one is still that IPv4 address."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else parsed

"""How long is the way to several TCP ports and back? All are tried at once, in one thread, within one time limit.

A connection and a refusal both prove the way: the other machine's kernel has answered. Seconds. A name that cannot be
looked up and an address without a route are unreachable. Errors: OSError for want of sockets or memory of our own.
"""

import errno
import os
import selectors
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

_REFUSED = frozenset({errno.ECONNREFUSED, errno.ECONNRESET})
# EADDRNOTAVAIL, EAFNOSUPPORT: no address of our own to come from. EACCES, EPERM: a firewall forbids the way.
_UNREACHABLE = frozenset(
    {
        errno.EACCES,
        errno.EADDRNOTAVAIL,
        errno.EAFNOSUPPORT,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ENONET,
        errno.EPERM,
    }
)
_Address = tuple[socket.AddressFamily, Any]  # what follows the family depends on it
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`reason`: `timeout` or `unreachable`; None when there was an answer, be it that nobody listens (`refused`)."""

    seconds: float
    reason: str | None = None
    refused: bool = False


def connect_all(
    endpoints: Iterable[tuple[Key, str, int]], timeout: float, clock: Callable[[], float] = time.perf_counter
) -> Iterator[tuple[Key, Outcome]]:
    """`endpoints`: key, host, port. Gives each outcome as soon as it is known."""
    # Names first: a slow look-up must not count as a slow way.
    targets = [(key, _address(host, port)) for key, host, port in endpoints]
    with ExitStack() as closing:
        waiting = closing.enter_context(selectors.DefaultSelector())
        for key, address in targets:
            start = clock()
            connection, number = _begin(address)
            closing.enter_context(connection)
            if number == errno.EINPROGRESS:
                waiting.register(connection, selectors.EVENT_WRITE, (key, connection, start))
            else:
                yield key, _outcome(number, clock() - start)
        end = clock() + timeout
        while waiting.get_map() and (left := end - clock()) > 0:
            events = waiting.select(left)
            now = clock()
            for registered, _ in events:
                key, connection, start = registered.data
                waiting.unregister(connection)
                number = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                connection.close()
                yield key, _outcome(number, now - start)
        for registered in list(waiting.get_map().values()):
            yield registered.data[0], Outcome(timeout, "timeout")


def _address(host: str, port: int) -> _Address | None:
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        return None
    return family, where


def _begin(address: _Address | None) -> tuple[socket.socket, int]:
    """A connection under way and how it stands: an error number, 0, or EINPROGRESS."""
    if address is None:
        return socket.socket(), errno.EHOSTUNREACH
    family, where = address
    try:
        connection = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno == errno.EAFNOSUPPORT:
            return socket.socket(), errno.EAFNOSUPPORT
        raise
    connection.setblocking(False)
    return connection, connection.connect_ex(where)


def _outcome(number: int, seconds: float) -> Outcome:
    if number == 0 or number in _REFUSED:
        return Outcome(seconds, refused=number in _REFUSED)
    if number in _UNREACHABLE:
        return Outcome(seconds, "unreachable")
    if number == errno.ETIMEDOUT:
        return Outcome(seconds, "timeout")
    raise OSError(number, os.strerror(number))

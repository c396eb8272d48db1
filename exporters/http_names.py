"""The addresses of a host name, looked up within a time limit.

The system's resolver cannot be interrupted, so it runs in a daemon thread, at most one for each `Names`: one that hangs
is waited for again, and another name is refused as long. An address needs no look-up. Errors: those of httpcore.
"""

import ipaddress
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

import httpcore

Resolve = Callable[[str, int], list[str]]


def system_resolver(host: str, port: int) -> list[str]:
    """Errors: OSError, UnicodeError."""
    return [str(found[0]) for *_, found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Names:
    def __init__(self, resolve: Resolve = system_resolver) -> None:
        self._resolve = resolve
        self._asked = ("", 0)
        self._running: Future[list[str]] | None = None

    def addresses(self, host: str, port: int, seconds: float) -> list[str]:
        if _is_address(host):
            return [host]
        if self._running is None or self._running.done():
            self._asked, self._running = (host, port), Future()
            threading.Thread(
                target=self._look_up, args=(self._running, host, port), name=f"look up {host}", daemon=True
            ).start()
        elif self._asked != (host, port):
            raise httpcore.ConnectTimeout(f"{self._asked[0]} is still being looked up")
        try:
            return self._running.result(seconds)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host} is still being looked up") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be looked up: {error}") from error

    def _look_up(self, result: "Future[list[str]]", host: str, port: int) -> None:
        try:
            result.set_result(self._resolve(host, port))
        except BaseException as error:  # noqa: BLE001 - handed on to who waits for it
            result.set_exception(error)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

"""A server on a Unix socket that says to each connection what a test wants, byte for byte."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Talk = Callable[[socket.socket], None]


class UnixServer:
    """`heard`: what each connection was asked. `talk` may be replaced at any time."""

    def __init__(self, path: Path, talk: Talk) -> None:
        self.path = path
        self.talk = talk
        self.heard: list[bytes] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            with connection:
                asked = connection.recv(65536)
                if not asked:
                    return
                self.heard.append(asked)
                with suppress(OSError):  # the client had enough
                    self.talk(connection)

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(str(self.path))
        self._thread.join()
        self._listening.close()
        self.path.unlink()


@contextmanager
def unix_server(path: Path, talk: Talk) -> Iterator[UnixServer]:
    server = UnixServer(path, talk)
    try:
        yield server
    finally:
        server.close()


def http(body: bytes, status: str = "200 OK", head: bytes = b"") -> Talk:
    answer = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status.encode(), len(body), head, body)
    return lambda connection: connection.sendall(answer)

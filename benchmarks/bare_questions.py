"""Questions to one server over bare connections, one for each and kept: as long as the server takes, and little more.

Answers are read to their end and not looked at. Errors: RagpulseError for one that is not well.
"""

import asyncio
from collections.abc import Sequence

import httpx

from ragpulse.errors import RagpulseError

_LONGEST_ANSWER = 2**24
_END = b"\r\n\r\n"


class BareQuestions:
    def __init__(self, questions: Sequence[httpx.URL]) -> None:
        self._requests = [
            f"GET {url.raw_path.decode()} HTTP/1.1\r\nHost: {url.netloc.decode()}\r\n\r\n".encode() for url in questions
        ]
        self._place = questions[0].host, questions[0].port
        self._connections: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def connect(self) -> None:
        for _ in self._requests:
            self._connections.append(await asyncio.open_connection(*self._place, limit=_LONGEST_ANSWER))

    async def close(self) -> None:
        for _, writer in self._connections:
            writer.close()
            await writer.wait_closed()

    async def ask(self) -> None:
        """All at once."""
        await asyncio.gather(*map(_asked, self._requests, self._connections))


async def _asked(request: bytes, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    reader, writer = connection
    writer.write(request)
    head = (await reader.readuntil(_END)).lower()
    if not head.startswith(b"http/1.1 200 "):
        raise RagpulseError(f"a server that is measured answers {head[:40]!r}")
    if b"\r\ncontent-length:" in head:
        await reader.readexactly(int(head.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0]))
        return
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
    await reader.readline()

"""The connections on which the Overview page asks Prometheus: kept, told apart, and none that broke or was left."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpcore
import pytest

from ragpulse.overview.kept_connections import KeptConnections

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"


class Server:
    """Says `answer` to each request; `hangs_up`: and closes the connection with it. opened, open: connections."""

    def __init__(self, answer: bytes = ANSWER) -> None:
        self.answer = answer
        self.hangs_up = False
        self.url = ""
        self.asked: list[bytes] = []
        self.opened = 0
        self.open = 0
        self.changed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.open += 1
        while request := await reader.read(65536):
            self.asked.append(request)
            writer.write(self.answer)
            self.changed.set()
            if self.hangs_up:
                break
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        self.open -= 1
        self.changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():
                self.changed.clear()
                await self.changed.wait()


Story = Callable[[Server, KeptConnections], Awaitable[None]]


async def served(story: Story, server: Server) -> None:
    """No connection outlives its client."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    async with listening:
        async with KeptConnections() as connections:
            await story(server, connections)
        await server.until(lambda: server.open == 0)


def tried(story: Story, answer: bytes = ANSWER) -> None:
    asyncio.run(served(story, Server(answer)))


async def asked(connections: KeptConnections, url: str) -> bytes:
    async with connections.answer(url) as answer:
        return await answer.aread()


async def together(connections: KeptConnections, url: str, count: int) -> list[bytes]:
    return await asyncio.gather(*(asked(connections, url) for _ in range(count)))


def test_questions_asked_at_once_have_a_connection_each_and_the_next_ones_have_the_same() -> None:
    async def story(server: Server, connections: KeptConnections) -> None:
        for _ in range(3):
            assert await together(connections, server.url, 20) == [b"body"] * 20
        assert (server.opened, server.open) == (20, 20)

    tried(story)


def test_answers_are_not_packed() -> None:
    async def story(server: Server, connections: KeptConnections) -> None:
        await asked(connections, server.url)
        assert b"accept-encoding: identity\r\n" in server.asked[0].lower()

    tried(story)


def test_more_connections_than_some_viewers_need_are_not_kept() -> None:
    async def story(server: Server, connections: KeptConnections) -> None:
        await together(connections, server.url, 70)
        await server.until(lambda: server.open == 64)

    tried(story)


def test_connections_to_one_server_are_none_to_another() -> None:
    async def story(server: Server, connections: KeptConnections) -> None:
        async def as_well(other: Server, to_other: KeptConnections) -> None:
            for _ in range(2):
                assert await asked(connections, server.url) == await asked(to_other, server.url) == b"body"
                assert await asked(to_other, other.url) == b"more"
            assert (server.opened, other.opened) == (2, 1)

        await served(as_well, Server(ANSWER.replace(b"body", b"more")))

    tried(story)


def test_a_connection_that_the_server_has_closed_meanwhile_is_replaced() -> None:
    async def story(server: Server, connections: KeptConnections) -> None:
        server.hangs_up = True
        await asked(connections, server.url)
        await server.until(lambda: server.open == 0)
        assert await asked(connections, server.url) == b"body"
        assert server.opened == 2

    tried(story)


async def ended(server: Server, connections: KeptConnections) -> None:
    with pytest.raises(httpcore.RemoteProtocolError):
        await asked(connections, server.url)


async def waited_for_no_more(server: Server, connections: KeptConnections) -> None:
    waiting = asyncio.create_task(asked(connections, server.url))
    await server.until(lambda: bool(server.asked))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def not_read(server: Server, connections: KeptConnections) -> None:
    async with connections.answer(server.url) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("answer", "leave"),
    [
        pytest.param(b"SSH-2.0\r\n\r\n", ended, id="it does not speak HTTP"),
        pytest.param(ANSWER[:-2], waited_for_no_more, id="nobody waits for the rest any more"),
        pytest.param(ANSWER[:20], waited_for_no_more, id="nobody waits for the head any more"),
        pytest.param(ANSWER[:-2], not_read, id="the answer is not read"),
    ],
)
def test_a_connection_whose_answer_did_not_come_to_its_end_is_closed(answer: bytes, leave: Story) -> None:
    async def story(server: Server, connections: KeptConnections) -> None:
        await leave(server, connections)
        await server.until(lambda: server.open == 0)
        server.answer = ANSWER
        assert await asked(connections, server.url) == b"body"
        assert server.opened == 2

    tried(story, answer)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        pytest.param("http://127.0.0.1:9/", httpcore.ConnectError, id="nobody listens"),
        pytest.param("localhost:9090/", httpcore.UnsupportedProtocol, id="no URL of HTTP"),
    ],
)
def test_what_cannot_be_asked_fails_as_httpcore_says_it(url: str, error: type[Exception]) -> None:
    async def story(_: Server, connections: KeptConnections) -> None:
        with pytest.raises(error):
            await asked(connections, url)

    tried(story)

"""How clients share the agent's server: the times, the numbers and the turns of connections on real sockets."""

import errno
import select
import socket
import threading
from contextlib import ExitStack

import h11
import pytest

from exporters import connection, server
from exporters.answers import Answer
from exporters.connection import MAX_CONNECTIONS
from tests.fakes.agent_server import GOOD, RawClient, serving
from tests.fakes.running import until

pytest_plugins = ["tests.fakes.agent_server_fixtures"]
SHORT = 0.5  # seconds, where a test waits for the end of a time


@pytest.mark.parametrize(
    ("said", "stays"),
    [
        (b"GET /healthz HTTP/1.0\r\n\r\n", False),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", False),
        (GOOD, True),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", True),
    ],
    ids=["HTTP/1.0", "close", "HTTP/1.1", "an upgrade that nobody needs"],
)
def test_a_connection_is_kept_as_the_client_asks(port: int, said: bytes, stays: bool) -> None:  # noqa: FBT001
    with RawClient(port) as client:
        ((response, body),) = client.answers(said)
        assert (response.status_code, body) == (200, b"the agent lives\n")
        if stays:
            assert client.ask().status_code == 200
        else:
            assert client.rest() == b""


def test_a_client_that_shuts_its_side_gets_its_answer(port: int) -> None:
    with RawClient(port) as client:
        client.say(GOOD)
        client.socket.shutdown(socket.SHUT_WR)
        assert client.rest().endswith(b"the agent lives\n")


def test_requests_in_one_line_are_answered_in_their_order(port: int) -> None:
    with RawClient(port) as client:
        found = client.answers(GOOD + GOOD.replace(b"/healthz", b"/x") + GOOD + GOOD[:10], count=3)
        assert [response.status_code for response, _ in found] == [200, 404, 200]
        assert client.answers(GOOD[10:])[0][0].status_code == 200, "the fourth came in two pieces"
        assert len(client.answers(GOOD * 2000, count=2000)) == 2000, "more than is read at once"


def test_who_asks_a_hundred_times_at_once_lets_others_in_between() -> None:
    begun, go_on, asked = threading.Event(), threading.Event(), []

    def answer(request: h11.Request) -> Answer:
        asked.append(request.target)
        if request.target == b"/first":
            begun.set()
            go_on.wait()
        return Answer(b"")

    with serving(answer) as port, RawClient(port) as greedy, RawClient(port) as modest:
        modest.ask("/hello")
        greedy.say(GOOD.replace(b"/healthz", b"/first") + GOOD * 100)
        assert begun.wait(10)
        modest.say(GOOD.replace(b"/healthz", b"/modest"))
        go_on.set()
        assert len(greedy.answers(b"", count=101)) == 101
    assert asked.index(b"/modest") - asked.index(b"/first") < 4


def test_a_request_byte_by_byte_is_a_request(port: int) -> None:
    with RawClient(port) as client:
        for byte in GOOD[:-1]:
            client.say(bytes([byte]))
        assert client.answers(GOOD[-1:])[0][0].status_code == 200


@pytest.mark.parametrize(
    "said",
    [b"GET / HT", GOOD + b"GET / HT", b"SSH-2.0-OpenSSH_9.2p1\r\n"],
    ids=["half", "one and a half", "SSH"],
)
def test_a_client_that_stops_within_a_request_is_cut(port: int, said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", SHORT)
    with RawClient(port) as client:
        client.say(said)
        assert client.rest().count(b"the agent lives") == said.count(GOOD)


def test_a_request_that_drips_in_is_cut(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", SHORT)
    with RawClient(port) as client:
        client.say(b"GET / HTTP/1.1\r\nX: ")
        until(lambda: not (client.say(b"a") and client.say(b"b")), "the drip is cut")


def test_a_kept_connection_may_rest_longer_than_a_request_may_take(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", SHORT)
    with RawClient(port) as silent, RawClient(port) as kept, RawClient(port) as half:
        assert kept.ask().status_code == 200
        half.say(GOOD[:10])
        assert half.rest() == b"", "came last, is cut first"
        assert kept.ask().status_code == 200
        assert silent.ask().status_code == 200, "has not begun yet"


@pytest.mark.parametrize("said", [b"", GOOD], ids=["nothing said", "one answered"])
def test_a_connection_does_not_rest_for_ever(port: int, said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "KEEP_ALIVE_SECONDS", SHORT)
    with RawClient(port) as client:
        client.say(said)
        assert client.rest().count(b"the agent lives") == said.count(GOOD)


class Large:
    """Answers of 4 MiB, more than lies between two sockets; counts them."""

    given = 0

    def __call__(self, _: h11.Request) -> Answer:
        self.given += 1
        return Answer(b"x" * (4 << 20))


def test_a_client_that_does_not_read_costs_one_answer_and_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", SHORT)
    large = Large()
    with serving(large) as port, RawClient(port, receive_buffer=4096) as client:
        client.say(GOOD * 100)
        watch = select.poll()
        watch.register(client.socket, 0)  # tells of the end only: nothing is read
        assert watch.poll(10_000), "the connection is reset"
        assert large.given == 1


def test_a_client_that_reads_late_gets_all_its_answers() -> None:
    with serving(Large()) as port, RawClient(port, receive_buffer=4096) as client:
        assert [len(body) for _, body in client.answers(GOOD * 3, count=3)] == [4 << 20] * 3


def test_hundreds_of_idle_connections_do_not_stop_a_scrape(port: int) -> None:
    idle = [RawClient(port) for _ in range(500)]
    with RawClient(port) as scraper:
        assert scraper.ask("/metrics").status_code == 200
        watch = select.poll()
        for client in idle:
            watch.register(client.socket, select.POLLIN)
        until(lambda: len(watch.poll(0)) >= 500 - MAX_CONNECTIONS, "the oldest were closed")
        assert len(watch.poll(0)) <= 500 - MAX_CONNECTIONS + 1, "no more than had to"
        assert not {client.socket.fileno() for client in idle[-10:]} & {found for found, _ in watch.poll(0)}
        assert scraper.ask("/metrics").status_code == 200
    for client in idle:
        client.socket.close()


def test_the_one_that_asked_last_outlives_those_that_came_earlier(port: int) -> None:
    with RawClient(port) as scraper:
        early = [RawClient(port) for _ in range(MAX_CONNECTIONS - 1)]
        assert {client.ask().status_code for client in early} == {200}
        assert scraper.ask("/metrics").status_code == 200
        late = [RawClient(port) for _ in range(MAX_CONNECTIONS - 1)]
        assert all(client.rest() == b"" for client in early)
        assert scraper.ask("/metrics").status_code == 200
    for client in early + late:
        client.socket.close()


def test_a_server_without_descriptors_waits_before_it_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[socket.socket] = []

    def refuse(bound: socket.socket) -> None:
        tries.append(bound)
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(server, "_RETRY_SECONDS", 3600.0)
    monkeypatch.setattr(socket.socket, "accept", refuse)
    with serving(Large()) as port, RawClient(port):
        until(lambda: tries, "a first try")
    assert len(tries) == 1


def test_the_server_ends_in_time_with_an_answer_unsent() -> None:
    with ExitStack() as later:
        with serving(Large()) as port:
            client = later.enter_context(RawClient(port, receive_buffer=4096))
            client.say(GOOD)
            assert client.socket.recv(1)
        assert client.rest(), "it had its time, and was cut"


def test_many_clients_at_once_are_all_answered(port: int) -> None:
    found: list[int] = []

    def ask() -> None:
        with RawClient(port) as client:
            found.extend(client.ask("/metrics").status_code for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 400

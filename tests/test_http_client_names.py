"""Host names are looked up within the time of the exchange, in one thread at most."""

import threading
from collections.abc import Iterator
from typing import NoReturn

import httpcore
import pytest

from exporters.http_client import HttpClient, Unanswered
from exporters.http_names import Names
from tests.fakes.http_replay import Replay, refusing_url, reply
from tests.fakes.running import until

QUICK, PATIENT = 0.2, 10.0


class Resolver:
    """Answers with `addresses`; while `held` it does not come back."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked: list[str] = []
        self.answers = threading.Event()
        self.answers.set()

    def __call__(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        self.answers.wait()
        return self.addresses


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    found = Resolver("127.0.0.1")
    yield found
    found.answers.set()


def named(replay: Replay, host: str = "sark.example") -> str:
    return replay.url.replace("127.0.0.1", host)


def looking_up() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("look up ")]


def test_a_name_is_asked_at_the_address_that_was_found(replay: Replay, resolver: Resolver) -> None:
    replay.get("/", reply(body=b"here"))
    with HttpClient(named(replay), timeout=PATIENT, names=Names(resolver)) as client:
        assert client.get("/").body == b"here"
    assert replay.asked[0].headers["Host"].startswith("sark.example:")


def test_an_address_is_not_looked_up(replay: Replay, resolver: Resolver) -> None:
    replay.get("/", reply())
    with HttpClient(replay.url, timeout=PATIENT, names=Names(resolver)) as client:
        client.get("/")
    assert resolver.asked == []


def test_a_resolver_that_hangs_costs_the_time_of_a_request_and_one_thread(replay: Replay, resolver: Resolver) -> None:
    resolver.answers.clear()
    with HttpClient(named(replay), timeout=QUICK, names=Names(resolver)) as client:
        for _ in range(3):
            with pytest.raises(Unanswered) as failure:
                client.get("/")
            assert failure.value.reason == "timeout"
        assert looking_up() == ["look up sark.example"]
    assert resolver.asked == ["sark.example"]


def test_a_resolver_that_has_come_back_is_asked_again(replay: Replay, resolver: Resolver) -> None:
    replay.get("/", reply())
    resolver.answers.clear()
    with HttpClient(named(replay), timeout=QUICK, names=Names(resolver)) as client:
        with pytest.raises(Unanswered):
            client.get("/")
        resolver.answers.set()
        until(lambda: not looking_up(), "the end of the look-up")
        assert client.get("/").status == 200
    assert resolver.asked == ["sark.example"] * 2


def test_while_one_name_hangs_another_is_refused(resolver: Resolver) -> None:
    names = Names(resolver)
    resolver.answers.clear()
    with pytest.raises(httpcore.ConnectTimeout, match="sark"):
        names.addresses("sark.example", 80, QUICK)
    with pytest.raises(httpcore.ConnectTimeout, match="sark"):
        names.addresses("clu.example", 80, PATIENT)


@pytest.mark.parametrize("error", [OSError("unknown"), UnicodeError("label too long")], ids=["unknown", "no name"])
def test_a_name_that_cannot_be_looked_up_is_a_failed_connection(error: Exception) -> None:
    def unknown(_host: str, _port: int) -> NoReturn:
        raise error

    names = Names(unknown)
    client = HttpClient("http://nowhere.invalid", timeout=PATIENT, names=names)
    with pytest.raises(Unanswered) as failure:
        client.get("/")
    assert failure.value.reason == "connect"


def test_a_name_without_an_address_is_a_failed_connection() -> None:
    client = HttpClient("http://nowhere.invalid", timeout=PATIENT, names=Names(Resolver()))
    with pytest.raises(Unanswered, match="no address") as failure:
        client.get("/")
    assert failure.value.reason == "connect"


def test_the_system_knows_localhost() -> None:
    with refusing_url() as url:
        client = HttpClient(url.replace("127.0.0.1", "localhost"), timeout=PATIENT)
        with pytest.raises(Unanswered) as failure:
            client.get("/")
    assert failure.value.reason == "connect"


def test_the_first_address_that_accepts_is_taken(replay: Replay) -> None:
    replay.get("/", reply(body=b"here"))
    names = Names(Resolver("127.0.0.77", "127.0.0.1"))
    with HttpClient(named(replay), timeout=PATIENT, names=names) as client:
        assert client.get("/").body == b"here"


def test_all_addresses_of_a_host_share_the_time_of_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []

    def give_up(_: object, _host: str, _port: int, timeout: float, *_more: object) -> NoReturn:
        tried.append(timeout)
        raise httpcore.ConnectError("refused")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", give_up)
    names = Names(Resolver("127.0.0.7", "127.0.0.8", "127.0.0.9"))
    client = HttpClient("http://sark.example", timeout=QUICK, names=names)
    with pytest.raises(Unanswered) as failure:
        client.get("/")
    assert failure.value.reason == "connect"
    assert len(tried) == 3
    assert tried == sorted(tried, reverse=True)

"""A redirect is followed only when asked to, takes nothing secret along, and never leads out of TLS."""

from collections.abc import Iterator

import httpx
import pytest

from exporters.http_client import Answer, HttpClient, WrongAnswer
from exporters.http_names import Names
from tests.fakes.certificates import Authority
from tests.fakes.http_replay import Replay, refusing_url, replay_server, reply
from tests.fakes.watched import PATIENT

KEY = {"Authorization": "Bearer s3cret"}


@pytest.fixture
def elsewhere() -> Iterator[Replay]:
    """Another origin."""
    with replay_server() as server:
        yield server


def client_of(server: Replay, **options: object) -> HttpClient:
    return HttpClient(server.url, timeout=PATIENT, headers=lambda: KEY, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_until_it_is_followed(replay: Replay, status: int) -> None:
    replay.get("/", reply(status, Location="/new?x=1#part"))
    replay.get("/new?x=1", reply(body=b"new"))
    client = client_of(replay)
    answer = client.get()
    assert (answer.status, answer.is_redirect, len(replay.asked)) == (status, True, 1)
    assert client.follow(answer).body == b"new"
    assert replay.connections == 1


def test_its_own_origin_is_shown_the_credentials(replay: Replay) -> None:
    replay.get("/", reply(302, Location=f"{replay.url}/new"))
    replay.get("/new", reply())
    client = client_of(replay)
    client.follow(client.get())
    assert [asked.headers.get("Authorization") for asked in replay.asked] == ["Bearer s3cret"] * 2


def test_another_origin_is_not_shown_the_credentials(replay: Replay, elsewhere: Replay) -> None:
    replay.get("/", reply(302, Location=f"{elsewhere.url}/new"))
    elsewhere.get("/new", reply(body=b"there"))
    client = client_of(replay)
    assert client.follow(client.get()).body == b"there"
    assert "Authorization" not in elsewhere.asked[0].headers
    assert "s3cret" not in str(elsewhere.asked)


def test_another_origin_is_not_shown_the_client_certificate(
    replay: Replay, elsewhere: Replay, authority: Authority
) -> None:
    """It would be accepted there: that the other server refuses proves that it was not shown."""
    shown = authority.trusted(shown=authority.issue("agent.test"))
    for server in (replay, elsewhere):
        server.wrap(authority.issue("localhost").served(clients_of=authority))
        server.url = server.url.replace("http://127.0.0.1", "https://localhost")
        server.get("/new", reply(body=b"here"))
    replay.get("/", reply(302, Location="/new"))
    replay.get("/away", reply(302, Location=f"{elsewhere.url}/new"))
    names = Names(lambda _, __: ["127.0.0.1"])  # a bare machine has no table of hosts
    client = client_of(replay, tls=shown.model_copy(update={"server_name": None}), names=names)
    assert client.follow(client.get()).body == b"here"
    with pytest.raises(WrongAnswer) as failure:
        client.follow(client.get("/away"))
    assert failure.value.reason == "tls"
    assert elsewhere.asked == []


def test_the_kept_connection_outlives_a_visit_elsewhere(replay: Replay, elsewhere: Replay) -> None:
    replay.get("/", reply(302, Location=elsewhere.url))
    elsewhere.get("/", reply())
    client = client_of(replay)
    for _ in range(5):
        client.follow(client.get())
    assert (replay.connections, elsewhere.connections) == (1, 5)


@pytest.mark.parametrize(
    ("url", "location"),
    [
        pytest.param("https://a.example/", "http://a.example/", id="out of TLS"),
        pytest.param("https://a.example/", "http://b.example/", id="out of TLS, elsewhere"),
        pytest.param("http://a.example/", "", id="nowhere"),
        pytest.param("http://a.example/", "ftp://a.example/", id="to another protocol"),
        pytest.param("http://a.example/", "file:///etc/passwd", id="to a file"),
        pytest.param("http://a.example/", "http://[::1/", id="to what is no URL"),
        pytest.param("http://a.example/", "http://a.example:99999/", id="to no port"),
        pytest.param("http://a.example/", "http://\xad/", id="to a name that nobody can have"),
        pytest.param("http://a.example/", "http://x\r\ny/", id="to what would break a request"),
        pytest.param("http://a.example/", "http://user:s3cret@a.example/", id="with credentials of its own"),
    ],
)
def test_some_redirects_are_never_followed(url: str, location: str) -> None:
    answer = Answer(302, b"", 0.1, httpx.URL(url), location)
    client = HttpClient(url, timeout=PATIENT)
    with pytest.raises(WrongAnswer) as failure:
        client.follow(answer)
    assert failure.value.reason == "redirect"
    assert "s3cret" not in str(failure.value)


def test_a_page_elsewhere_that_does_not_answer_is_a_wrong_answer_without_the_name_of_its_host(replay: Replay) -> None:
    with refusing_url() as url:
        replay.get("/", reply(302, Location=url))
        client = client_of(replay)
        with pytest.raises(WrongAnswer) as failure:
            client.follow(client.get())
    assert failure.value.reason == "connect"
    assert "127.0.0.1" not in str(failure.value)


def test_the_time_is_that_of_all_requests(replay: Replay) -> None:
    replay.get("/", reply(302, Location="/new"))
    replay.get("/new", reply())
    client = client_of(replay)
    first = client.get()
    assert client.follow(first).seconds > first.seconds > 0

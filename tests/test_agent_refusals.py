"""What the agent's server says to what is not a plain question: one clear status, and a closed connection."""

import ssl

import pytest

from exporters.answers import MAX_HEADERS
from exporters.connection import MAX_HEAD
from tests.fakes.agent_server import GOOD, RawClient

pytest_plugins = ["tests.fakes.agent_server_fixtures"]


def refused(port: int, said: bytes) -> int:
    """The status of the only answer to `said`, after which the connection is closed."""
    with RawClient(port) as client:
        (response, _), *_ = client.answers(said)
        assert (b"connection", b"close") in response.headers
        assert client.rest() == b""
        return response.status_code


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * MAX_HEAD,
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * MAX_HEAD,
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * (MAX_HEAD // 6),
    ],
    ids=["a line", "a header", "headers"],
)
def test_a_head_that_does_not_end_is_refused_at_the_limit(port: int, head: bytes) -> None:
    assert refused(port, head) == 431


def test_a_megabyte_of_head_is_cut_however_much_comes_at_once(port: int) -> None:
    with RawClient(port) as client:
        client.say(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 200_000 + b"\r\n")
        assert b" 200 " not in client.rest()


def test_headers_are_counted(port: int) -> None:
    with RawClient(port) as client:
        (good, _), *_ = client.answers(GOOD.replace(b"Host: a\r\n", b"Host: a\r\n" + b"X: a\r\n" * (MAX_HEADERS - 1)))
        assert good.status_code == 200
    assert refused(port, GOOD.replace(b"Host: a\r\n", b"Host: a\r\n" + b"X: a\r\n" * MAX_HEADERS)) == 431


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"Content-Length: 5", b"hello"),
        (b"Content-Length: 100000000000", b""),
        (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"garbage"),
        (b"Content-Length: 5\r\nExpect: 100-continue", b""),
    ],
    ids=["a body", "no end of it", "chunks", "garbage for chunks", "asks first"],
)
def test_a_question_with_a_body_is_refused_before_the_body(port: int, headers: bytes, body: bytes) -> None:
    assert refused(port, GOOD[:-2] + headers + b"\r\n\r\n" + body) == 413


def test_a_body_without_content_is_none(port: int) -> None:
    with RawClient(port) as client:
        assert client.answers(GOOD[:-2] + b"Content-Length: 0\r\n\r\n")[0][0].status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "X"])
def test_another_method_is_405_and_told_which_are_allowed(port: int, method: str) -> None:
    target = "a:1" if method == "CONNECT" else "/metrics"
    with RawClient(port) as client:
        said = f"{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}".encode()
        ((response, _),) = client.answers(said)
        assert (response.status_code, dict(response.headers)[b"allow"]) == (405, b"GET, HEAD")
        assert client.rest() == b""


@pytest.mark.parametrize(
    "said",
    [
        b"\x00" * 100,
        b"GET /metrics\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n\r\n",
        b"GET /met rics HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"\r\n\r\n",
    ],
    ids=[
        "zeros", "HTTP/0.9", "no host", "a space", "not ASCII", "no colon", "a zero", "negative length", "nothing",
    ],
)  # fmt: skip
def test_what_is_not_http_is_400_and_closed(port: int, said: bytes) -> None:
    assert refused(port, said) == 400


@pytest.mark.parametrize("start", ["GET /healthz", "PRI *"], ids=["a question", "what HTTP/2 begins with"])
def test_another_version_of_http_is_505(port: int, start: str) -> None:
    assert refused(port, f"{start} HTTP/2.0\r\nHost: a\r\n\r\nSM\r\n\r\n".encode()) == 505


def test_a_transfer_encoding_that_nobody_knows_is_501(port: int) -> None:
    assert refused(port, GOOD[:-2] + b"Transfer-Encoding: brotli\r\n\r\n") == 501


def test_a_tls_client_is_told_at_once_that_this_is_no_tls(port: int) -> None:
    context = ssl.create_default_context()
    with (
        RawClient(port) as client,
        pytest.raises(ssl.SSLError, match="WRONG_VERSION_NUMBER"),
    ):
        context.wrap_socket(client.socket, server_hostname="a")

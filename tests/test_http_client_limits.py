"""What a server can make us read, hold and unpack is bounded, and each limit has its reason."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from exporters.http_body import read_body
from exporters.http_client import MAX_BODY_BYTES, MAX_HEADERS, HttpClient, Unanswered, WrongAnswer
from exporters.http_deadline import MAX_HEAD_BYTES
from tests.fakes.http_replay import Behaviour, Conversation, Replay, flood, reply, speak

PATIENT = 10.0
OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"
PAGE = b"some words " * 100


def without_end(start: bytes, again: bytes) -> Behaviour:
    def behave(conversation: Conversation) -> None:
        conversation.say(start)
        while not conversation.stopped.is_set():  # until the client hangs up
            conversation.say(again * 1000)

    return behave


def headers(count: int) -> bytes:
    """With Content-Length as the last of them."""
    return OK + b"".join(b"X-%d: y\r\n" % number for number in range(count - 1)) + EMPTY


def head(size: int) -> bytes:
    missing = size - len(OK) - len(b"X: \r\n") - len(EMPTY)
    return OK + b"X: " + b"y" * missing + b"\r\n" + EMPTY


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(without_end(OK + b"X-Long: ", b"y"), id="one header line"),
        pytest.param(without_end(OK, b"X-Y: z\r\n"), id="short header lines"),
        pytest.param(without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="answers that announce another"),
        pytest.param(without_end(b"HTTP/1.1 200 ", b"O"), id="a status line"),
        pytest.param(speak(head(MAX_HEAD_BYTES + 1)), id="one byte too many"),
    ],
)
def test_a_head_without_end_is_too_large_long_before_the_time_is_over(replay: Replay, behaviour: Behaviour) -> None:
    replay.get("/", behaviour)
    with HttpClient(replay.url, timeout=PATIENT) as client, pytest.raises(Unanswered) as failure:
        client.get("/")
    assert failure.value.reason == "too_large"


def test_a_head_of_exactly_the_limit_is_read(replay: Replay) -> None:
    replay.get("/", speak(head(MAX_HEAD_BYTES)))
    with HttpClient(replay.url, timeout=PATIENT) as client:
        assert client.get("/").status == 200


def test_the_limit_of_the_head_is_none_of_the_body(replay: Replay) -> None:
    body = b"x" * (3 * MAX_HEAD_BYTES)
    replay.get("/", reply(body=body))
    with HttpClient(replay.url, timeout=PATIENT) as client:
        assert client.get("/").body == body


def test_a_hundred_headers_are_read_and_one_more_is_too_many(replay: Replay) -> None:
    replay.get("/many", speak(headers(MAX_HEADERS)))
    replay.get("/too-many", speak(headers(MAX_HEADERS + 1)))
    with HttpClient(replay.url, timeout=PATIENT) as client:
        assert client.get("/many").status == 200
        with pytest.raises(Unanswered, match="100 headers") as failure:
            client.get("/too-many")
    assert failure.value.reason == "too_large"


def test_a_body_of_100_megabytes_is_refused_after_the_first_eight(replay: Replay) -> None:
    replay.get("/", flood(100 * 1024 * 1024))
    with HttpClient(replay.url, timeout=PATIENT) as client, pytest.raises(WrongAnswer) as failure:
        client.get("/")
    assert failure.value.reason == "too_large"
    assert MAX_BODY_BYTES == 8 * 1024 * 1024


def test_each_client_has_its_own_limit_for_bodies(replay: Replay) -> None:
    replay.get("/", reply(body=b"12345"))
    with HttpClient(replay.url, timeout=PATIENT, max_body=5) as client:
        assert client.get("/").body == b"12345"
    with HttpClient(replay.url, timeout=PATIENT, max_body=4) as client, pytest.raises(WrongAnswer, match="4 bytes"):
        client.get("/")


def test_a_chunked_body_is_bounded_too(replay: Replay) -> None:
    chunks = without_end(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"4\r\nword\r\n")
    replay.get("/", chunks)
    with HttpClient(replay.url, timeout=PATIENT, max_body=100_000) as client, pytest.raises(WrongAnswer) as failure:
        client.get("/")
    assert failure.value.reason == "too_large"


@pytest.mark.parametrize("again", [b"x", b"X-Y: z\r\n"], ids=["a line", "lines"])
def test_what_follows_a_chunked_body_cannot_go_on_for_ever(replay: Replay, again: bytes) -> None:
    replay.get("/", without_end(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", again))
    with HttpClient(replay.url, timeout=PATIENT) as client, pytest.raises(Unanswered) as failure:
        client.get("/")
    assert failure.value.reason == "invalid"


def test_no_compression_is_asked_for(replay: Replay) -> None:
    replay.get("/", reply())
    with HttpClient(replay.url, timeout=PATIENT) as client:
        client.get("/")
    assert replay.asked[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        pytest.param("gzip", gzip.compress(PAGE), id="gzip"),
        pytest.param("X-GZIP", gzip.compress(PAGE), id="its old name"),
        pytest.param("gzip", gzip.compress(PAGE[:500]) + gzip.compress(PAGE[500:]), id="gzip of several members"),
        pytest.param("deflate", zlib.compress(PAGE), id="deflate"),
        pytest.param("identity", PAGE, id="not compressed at all"),
        pytest.param("", PAGE, id="an empty header"),
    ],
)
def test_compression_that_comes_unasked_is_undone(replay: Replay, coding: str, body: bytes) -> None:
    replay.get("/", reply(body=body, Content_Encoding=coding))
    with HttpClient(replay.url, timeout=PATIENT) as client:
        assert client.get("/").body == PAGE


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        pytest.param("gzip", gzip.compress(PAGE)[:-1], id="cut gzip"),
        pytest.param("gzip", gzip.compress(PAGE) + b"and more", id="something behind it"),
        pytest.param("gzip", gzip.compress(PAGE) + gzip.compress(PAGE)[:9], id="a cut second member"),
        pytest.param("gzip", PAGE, id="no gzip"),
        pytest.param("gzip", gzip.compress(PAGE)[:-8] + bytes(8), id="a wrong checksum"),
        pytest.param("deflate", zlib.compress(PAGE) + zlib.compress(PAGE), id="deflate twice"),
        pytest.param("br", b"\x0b\x02\x80", id="a coding that nobody asked for"),
        pytest.param("gzip, gzip", gzip.compress(gzip.compress(PAGE)), id="gzip in gzip"),
    ],
)
def test_what_cannot_be_unpacked_is_invalid(replay: Replay, coding: str, body: bytes) -> None:
    replay.get("/", reply(body=body, Content_Encoding=coding))
    with HttpClient(replay.url, timeout=PATIENT) as client, pytest.raises(WrongAnswer) as failure:
        client.get("/")
    assert failure.value.reason == "invalid"


def test_an_empty_body_is_empty_in_every_coding(replay: Replay) -> None:
    replay.get("/", reply(Content_Encoding="gzip"))
    with HttpClient(replay.url, timeout=PATIENT) as client:
        assert client.get("/").body == b""


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 131_072, 131_330, 1_000_000])
def test_no_byte_is_lost_where_a_step_of_unpacking_ends(compress: Callable[[bytes], bytes], size: int) -> None:
    packed = compress(bytes(size))
    coding = "gzip" if compress is gzip.compress else "deflate"
    for cut in (1, 7, len(packed)):
        chunks = [packed[start : start + cut] for start in range(0, len(packed), cut)]
        assert len(read_body(chunks, [coding], size)) == size


def test_a_gzip_bomb_bursts_at_the_limit_and_takes_no_more_memory_than_that(replay: Replay) -> None:
    limit = 1024 * 1024
    replay.get("/", reply(body=_bomb(256), Content_Encoding="gzip"))
    with HttpClient(replay.url, timeout=PATIENT, max_body=limit) as client:
        with pytest.raises(WrongAnswer):
            client.get("/")  # what is loaded and made once
        tracemalloc.start()
        try:
            with pytest.raises(WrongAnswer) as failure:
                client.get("/")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert failure.value.reason == "too_large"
    assert peak < 4 * limit


def _bomb(mebibytes: int) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, 31)
    nothing = bytes(1024 * 1024)
    return b"".join([stream.compress(nothing) for _ in range(mebibytes)]) + stream.flush()

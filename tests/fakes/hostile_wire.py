"""What a hostile server can do on the wire, by name: bytes that are no HTTP, answers without end, lies about lengths.

`SLOW` are those that only a time limit ends; `FAST` come to their end by themselves, or go on until they are refused.
"""

import gzip
import zlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import cache, partial
from itertools import count, repeat

from tests.fakes.hostile_server import Behaviour, Conversation, hostile, never_accepting

MEBI = 1024 * 1024
BODY = b"the body of a hostile service"  # must never be seen outside
OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """A well-formed answer."""
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def says(*pieces: bytes) -> Behaviour:
    """These bytes after the first request, then the end of the connection."""
    return streams(lambda: pieces)


def streams(pieces: Callable[[], Iterable[bytes]]) -> Behaviour:
    def behave(talk: Conversation) -> None:
        if talk.hear() is not None:
            for piece in pieces():
                talk.say(piece)

    return behave


def drips(start: bytes, more: bytes) -> Behaviour:
    """`start` at once, then `more` byte by byte, over and over, for as long as somebody listens."""

    def behave(talk: Conversation) -> None:
        if talk.hear() is None:
            return
        talk.say(start)
        for position in count():
            if talk.stopped.wait(0.02):
                return
            talk.say(more[position % len(more) :][:1])

    return behave


def resets(after: bytes) -> Behaviour:
    def behave(talk: Conversation) -> None:
        if talk.hear() is not None:
            talk.say(after)
            talk.reset()

    return behave


def echoes(form: Callable[[bytes], bytes]) -> Behaviour:
    """What `form` makes of the request, credentials and all."""

    def behave(talk: Conversation) -> None:
        while talk.hear() is not None:
            talk.say(form(talk.asked))

    return behave


def redirects(location: Callable[[str], str]) -> Behaviour:
    """To every request the place that `location` makes of its path."""

    def behave(talk: Conversation) -> None:
        while (path := talk.hear()) is not None:
            talk.say(answer(BODY, f"Location: {location(path)}".encode(), status=b"302 Found"))

    return behave


def silent(talk: Conversation) -> None:
    talk.stopped.wait()


def gzip_of_zeros(mebibytes: int) -> bytes:
    """A well-formed gzip file, a thousandth of what it unpacks to: one block over and over, with the right checksum."""
    zeros = bytes(MEBI)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(mebibytes):
        checksum = zlib.crc32(zeros, checksum)
    head, end = gzip.compress(b"")[:10], packer.flush()
    size = mebibytes * MEBI % 2**32
    return head + block * mebibytes + end + checksum.to_bytes(4, "little") + size.to_bytes(4, "little")


@cache
def gzip_bomb() -> bytes:
    return gzip_of_zeros(1024)


def nested(layers: int) -> bytes:
    body = BODY
    for _ in range(layers):
        body = gzip.compress(body)
    return body


def _chunks(size: int) -> Iterable[bytes]:
    return repeat(b"x" * 65_536, size // 65_536)


def _million_lines() -> Iterable[bytes]:
    yield OK
    yield from repeat(b"a: b\r\n" * 1000, 1000)
    yield b"\r\n"


SLOW: dict[str, Behaviour] = {
    "never answers": silent,
    "drips its head": drips(b"", b"HTTP/1.1 200 OK\r\n" + b"X-More: y\r\n" * 100),
    "drips its body": drips(OK + b"Content-Length: 99999\r\n\r\n", b"x"),
    "drips chunks of one byte": drips(_CHUNKED, b"1\r\nx\r\n"),
    "says 100 Continue again and again": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunks of one byte without end": streams(lambda: (_CHUNKED, *repeat(b"1\r\nx\r\n" * 10_000, 1000))),
    "never ends its chunks": drips(_CHUNKED, b"0" * 100),
}
FAST: dict[str, Behaviour] = {
    "garbage": says(bytes(range(128, 256)) * 10 + b"\r\n\r\n"),
    "garbage without a line": says(bytes(range(14, 256)) * 10),
    "hangs up without a word": says(),
    "a head cut off": says(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "a body cut off": says(OK + b"Content-Length: 99999\r\n\r\n" + BODY),
    "chunks cut off": says(_CHUNKED + b"400\r\n" + BODY),
    "a chunk of no size": says(_CHUNKED + b"xyz\r\n" + BODY),
    "a chunk of negative size": says(_CHUNKED + b"-5\r\n" + BODY),
    "100 MB": streams(lambda: (OK + b"Content-Length: %d\r\n\r\n" % (100 * MEBI), *_chunks(100 * MEBI))),
    "100 MB without a length": streams(lambda: (OK + b"Connection: close\r\n\r\n", *_chunks(100 * MEBI))),
    "100 MB in one chunk": streams(lambda: (_CHUNKED + b"%x\r\n" % (100 * MEBI), *_chunks(100 * MEBI))),
    "a gzip bomb": streams(lambda: (answer(gzip_bomb(), b"Content-Encoding: gzip"),)),
    "gzip in gzip in gzip": says(answer(nested(3), b"Content-Encoding: gzip, gzip, gzip")),
    "gzip that is none": says(answer(BODY, b"Content-Encoding: gzip")),
    "gzip cut off": says(answer(gzip.compress(BODY)[:-9], b"Content-Encoding: gzip")),
    "an unknown encoding": says(answer(BODY, b"Content-Encoding: rot13")),
    "resets at once": Conversation.reset,
    "resets in its head": resets(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "resets in its body": resets(OK + b"Content-Length: 99999\r\n\r\n" + BODY),
    "redirects to itself": redirects(lambda path: path),
    "redirects ever deeper": redirects(lambda path: path + "/deeper"),
    "redirects to another host": redirects(lambda _: "http://127.0.0.9:9/"),
    "redirects to a file": redirects(lambda _: "file:///etc/passwd"),
    "redirects nowhere": says(answer(BODY, status=b"302 Found")),
    "headers without end": streams(lambda: (OK, *repeat(b"X-More: " + b"y" * 80 + b"\r\n", 2_000_000))),
    "a million header lines": streams(_million_lines),
    "a header of 10 MB": streams(lambda: (OK + b"X-Long: ", *_chunks(10 * MEBI), b"\r\n\r\n")),
    "a thousand headers": says(answer(BODY, *[b"X-%d: y" % number for number in range(1000)])),
    "a status line of 10 MB": streams(lambda: (b"HTTP/1.1 200 ", *_chunks(10 * MEBI))),
    "a storm of 100 Continue": streams(lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 100_000)),
    "HTTP/0.9": says(BODY + b"\n"),
    "the preface of HTTP/2": says(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "settings of HTTP/2": says(b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"),
    "a greeting in TLS": says(b"\x15\x03\x01\x00\x02\x02\x46"),
    "a length of -1": says(OK + b"Content-Length: -1\r\n\r\n" + BODY),
    "a length that is no number": says(OK + b"Content-Length: many\r\n\r\n" + BODY),
    "a length of 5,000 digits": says(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n" + BODY),
    "two lengths": says(OK + b"Content-Length: 3\r\nContent-Length: 29\r\n\r\n" + BODY),
    "status 999": says(answer(BODY, status=b"999 Beyond")),
    "status 000": says(answer(BODY, status=b"000 Nothing")),
    "status 99": says(answer(BODY, status=b"99 Few")),
    "status 101": says(answer(BODY, b"Upgrade: websocket", b"Connection: Upgrade", status=b"101 Switching Protocols")),
    "a status of text": says(answer(BODY, status=b"fine")),
    "a header without a colon": says(OK + b"no colon here\r\n\r\n"),
    "a header with NUL": says(OK + b"X-Nul: a\0b\r\n\r\n" + BODY),
    "the request itself": echoes(lambda asked: asked + b"\r\n\r\n"),
    "the request for a status": echoes(lambda asked: b"HTTP/1.1 " + asked + b"\r\n\r\n"),
    "an unknown transfer encoding": says(OK + b"Transfer-Encoding: rot13\r\n\r\n" + BODY),
}  # fmt: skip
# A status that says all is well, over something that is not: who looks at the status alone is content.
MISLEADING: dict[str, Behaviour] = {
    "a login page": says(answer(b"<!doctype html><title>Log in</title>" + BODY, b"Content-Type: text/html")),
    "nothing": says(answer(b"")),
    "an answer of 1970": says(answer(BODY, b"Date: Thu, 01 Jan 1970 00:00:00 GMT", b"Age: -5")),
    "a status without a reason": says(answer(BODY, status=b"200")),
    "a length shorter than its body": says(OK + b"Content-Length: 9\r\n\r\n" + BODY),
    "a length and chunks": says(answer(b"", b"Transfer-Encoding: chunked") + b"1d\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "two lengths that agree": says(OK + b"Content-Length: 29\r\nContent-Length: 29\r\n\r\n" + BODY),
    "bytes that are no text": says(answer(bytes(range(256)), b"Content-Type: application/json")),
    "the request for a body": echoes(answer),
    "the request for headers": echoes(lambda asked: answer(BODY, asked.partition(b"\r\n")[2])),
    "more after its end": says(answer(BODY) + answer(BODY) * 3),
}  # fmt: skip
# Each of SLOW and FAST as a server of its own, and the one that is no behaviour of a connection.
SERVERS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "never accepts": never_accepting,
    **{name: partial(hostile, behaviour) for name, behaviour in {**SLOW, **FAST}.items()},
}

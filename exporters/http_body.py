"""The body of an answer, whole and decoded, within a limit on what it takes on the wire and in memory.

We ask for no compression. The largest pages that we read are vLLM's (66 to 600 KB), on vLLM's own node: its `/metrics`
is never compressed, and to compress such a page would cost 2 to 24 ms of a server that users wait for, to spare the
loopback less than one. gzip and deflate that come unasked are decoded all the same, step by step, so that a bomb bursts
at the limit. Errors: WrongAnswer as `too_large`, or `invalid` for any other coding, several at once, and a stream that
is cut or followed by something else.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator

from exporters.http_answer import WrongAnswer

ACCEPT_ENCODING = "identity"
_STEP = 64 * 1024
_GZIP_WINDOW, _ZLIB_WINDOW = 31, 15  # zlib's names for the two formats; HTTP's "deflate" is the second
_WINDOWS = {"gzip": _GZIP_WINDOW, "x-gzip": _GZIP_WINDOW, "deflate": _ZLIB_WINDOW}


def read_body(
    chunks: Iterable[bytes], codings: Iterable[str], limit: int, seen: Callable[[bytes], None] | None = None
) -> bytes:
    """`codings`: the values of Content-Encoding. `limit` in bytes, for the wire and for what comes out alike.
    `seen` is given each piece of what comes out, as soon as it does.
    """
    pieces = _pieces(_limited(chunks, limit), codings, limit)
    return b"".join(pieces if seen is None else _shown(pieces, seen))


def _pieces(received: Iterable[bytes], codings: Iterable[str], limit: int) -> Iterable[bytes]:
    named = [word.strip().lower() for value in codings for word in value.split(",")]
    match [word for word in named if word not in ("", "identity")]:
        case []:
            return received
        case [coding] if coding in _WINDOWS:
            return _limited(_decoded(received, _WINDOWS[coding]), limit)
    raise WrongAnswer("invalid", "the answer is compressed in a way that was not asked for")


def _shown(pieces: Iterable[bytes], seen: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in pieces:
        seen(piece)
        yield piece


def _limited(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise WrongAnswer("too_large", f"the answer is larger than {limit} bytes")
        yield chunk


def _decoded(chunks: Iterable[bytes], window: int) -> Iterator[bytes]:
    """In steps of bounded size. An empty body is empty in every coding; a gzip body may be several in a row."""
    stream = zlib.decompressobj(window)
    has_begun = False
    for chunk in chunks:
        rest, is_full = chunk, False
        while rest or is_full:
            if stream.eof:
                if window != _GZIP_WINDOW:
                    raise WrongAnswer("invalid", "something follows the compressed answer")
                stream = zlib.decompressobj(window)
            has_begun = True
            try:
                step = stream.decompress(rest, _STEP)
            except zlib.error as error:
                raise WrongAnswer("invalid", "the compressed answer is broken, or something follows it") from error
            yield step
            # A full step may have left more inside zlib than in what it did not take.
            is_full = len(step) == _STEP and not stream.eof
            rest = stream.unused_data if stream.eof else stream.unconsumed_tail
    if has_begun and not stream.eof:
        raise WrongAnswer("invalid", "the compressed answer is cut")

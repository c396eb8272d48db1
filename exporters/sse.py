"""Server-sent events, the part that servers of completions use: the data of each event, as the bytes come in.

Format: WHATWG HTML, "Server-sent events": lines end in LF, CR or CRLF, an empty line ends an event, several `data:`
lines are one text, a line that begins with a colon is a comment. Bytes may be cut anywhere, in a character too.
Errors: WrongAnswer("too_large") for a line or event without end, WrongAnswer("invalid") for what is no UTF-8.
"""

from collections.abc import Iterator

from exporters.http_answer import WrongAnswer

MAX_EVENT_BYTES = 64 * 1024  # an event of vLLM has 200 to 300 bytes


class EventReader:
    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._size = 0  # of the data, with the ends of its lines
        self._after_cr = False

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The data of the events that this chunk completes."""
        if self._after_cr and chunk[:1] == b"\n":  # the second half of a CRLF that was cut in two
            chunk = chunk[1:]
        if chunk:
            self._after_cr = chunk[-1:] == b"\r"
        *lines, self._rest = (self._rest + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            yield from self._line(line)
        if len(self._rest) + self._size > MAX_EVENT_BYTES:
            raise WrongAnswer("too_large", f"an event of the stream is larger than {MAX_EVENT_BYTES} bytes")

    def _line(self, line: bytes) -> Iterator[str]:
        if line:
            field, _, value = line.partition(b":")
            if field == b"data":
                self._data.append(value.removeprefix(b" "))
                self._size += len(value) + 1
            return
        if self._data:
            event = b"\n".join(self._data)
            self._data, self._size = [], 0
            try:
                yield event.decode()
            except UnicodeDecodeError:
                raise WrongAnswer("invalid", "an event of the stream is not UTF-8 text") from None

"""How much of the agent can one client have? One connection, bounded in everything that a client decides.

h11 reads and writes HTTP/1.1; answers come from memory, so each is written before the next request is looked at.
Neither malice nor a broken client stops a scrape:
- a client that drips its request in or does not read its answer is cut after `REQUEST_SECONDS`, one that says nothing
  after `KEEP_ALIVE_SECONDS`;
- a head that has no end within `MAX_HEAD` bytes is 431, what is not HTTP is 400, and both are closed;
- while an answer is unsent nothing more is read: a client costs at most one answer and two heads;
- of requests that come together each waits until others have had their turn.

Nothing is logged of what anybody can send. Errors: a fault of ours is a bare 500, its traceback goes to the log.
"""

import asyncio
import json
import logging
import socket
import struct
from collections.abc import Callable
from email.utils import formatdate

import h11

from exporters.answers import Answer, closing

MAX_HEAD = 8 * 1024  # bytes of a request line and its headers; Prometheus sends 400
MAX_CONNECTIONS = 64  # two Prometheus and some people; far below the 1024 descriptors that a process may have
REQUEST_SECONDS = 10.0  # from the first byte of a request to the last one of its answer; a scrape has 3
KEEP_ALIVE_SECONDS = 75.0  # longer than any sensible scrape interval, so that one connection serves them all
_RESET = struct.pack("ii", 1, 0)  # what is unsent is forgotten, by the kernel too
_log = logging.getLogger(__name__)


class Connections(set["Connection"]):
    """Those that are open. A new one always gets in: of too many, the one that was silent for longest gives way.

    The new one may be Prometheus; a Prometheus whose idle connection went connects again by itself.
    """

    def enter(self, new: "Connection") -> None:
        self.add(new)
        if len(self) > MAX_CONNECTIONS:
            self.make_room()

    def make_room(self) -> bool:
        idlest = min(self, key=lambda connection: connection.heard, default=None)
        if idlest is not None:
            idlest.abort()
        return idlest is not None


class Connection(asyncio.BufferedProtocol):
    """One of `opened` while it is open.

    heard: time of the loop at which the client said something, or came. gone: done once it is closed.
    """

    def __init__(self, answer: Callable[[h11.Request], Answer], opened: Connections) -> None:
        self._answer = answer
        self._opened = opened
        self._loop = asyncio.get_running_loop()
        self._http = h11.Connection(h11.SERVER, MAX_HEAD)
        self._read = bytearray(MAX_HEAD)
        self._rests = True  # nothing begun, nothing unsent
        self._unsent = False
        self.heard = self._loop.time()
        self.gone = self._loop.create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._transport.set_write_buffer_limits(0)  # writing is then paused exactly as long as something is unsent
        self._cut = self._loop.call_later(KEEP_ALIVE_SECONDS, self.close)
        self._opened.enter(self)

    def get_buffer(self, _: int) -> bytearray:
        """No more than this is read at once: h11 looks at its limit only while it lacks the end of a head."""
        return self._read

    def buffer_updated(self, count: int) -> None:
        self.heard = self._loop.time()
        self._http.receive_data(bytes(self._read[:count]))
        self._go_on()

    def pause_writing(self) -> None:
        self._unsent = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._unsent = False
        self._go_on()

    def connection_lost(self, _: Exception | None) -> None:
        self._opened.discard(self)
        self._cut.cancel()
        self.gone.set_result(None)

    def close(self) -> None:
        """Once everything is sent."""
        self._transport.close()

    def abort(self) -> None:
        self._opened.discard(self)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def _go_on(self) -> None:
        """Answers one request, if all of it is here, and gives the client its time for what comes next."""
        if self._unsent or self._transport.is_closing():
            return
        answered = self._answer_one()
        begun = bool(self._http.trailing_data[0])
        if answered and begun and not self._unsent:
            self._transport.pause_reading()
            self._loop.call_soon(self._go_on)  # others go in between
        elif not self._unsent:
            self._transport.resume_reading()
        rested, self._rests = self._rests, not (begun or self._unsent or self._transport.is_closing())
        if self._rests or rested or answered:
            self._cut.cancel()
            self._cut = (
                self._loop.call_later(KEEP_ALIVE_SECONDS, self.close)
                if self._rests
                else self._loop.call_later(REQUEST_SECONDS, self.abort)
            )

    def _answer_one(self) -> bool:
        try:
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            self._write(closing(error.error_status_hint, "this is no request that the agent understands"))
            return True
        if isinstance(event, h11.Request):
            self._write(self._said(event), with_body=event.method != b"HEAD")
            return True
        return False

    def _said(self, request: h11.Request) -> Answer:
        try:
            return self._answer(request)
        except Exception:  # noqa: BLE001 - the boundary: whatever we got wrong costs one answer
            _log.exception("path=%s state=broken", json.dumps(request.target.decode()))
            return closing(500, "Internal Server Error")

    def _write(self, said: Answer, *, with_body: bool = True) -> None:
        headers = [
            ("date", formatdate(usegmt=True)),
            ("content-type", said.content_type),
            ("content-length", str(len(said.body))),
            *said.headers,
        ]
        parts = [
            self._http.send(h11.Response(status_code=said.status, headers=headers)),
            self._http.send(h11.Data(data=said.body if with_body else b"")),
            self._http.send(h11.EndOfMessage()),
        ]
        self._transport.write(b"".join(part for part in parts if part))
        if self._http.our_state is h11.DONE:
            self._http.next_event()  # the end of a request without a body, which is here already
            self._http.start_next_cycle()
        else:
            self._transport.close()

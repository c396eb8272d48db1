"""A mail server on loopback: STARTTLS, a login, and the mails that it was handed (RFC 5321, 3207, 4954)."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(frozen=True)
class Mail:
    sender: str
    recipients: tuple[str, ...]
    login: tuple[str, str] | None
    over_tls: bool
    message: EmailMessage


@dataclass
class MailServer:
    """`context`: it offers STARTTLS. What is offered and not used is not asked for."""

    place: str
    context: ssl.SSLContext | None
    mails: list[Mail] = field(default_factory=list)


class _Conversation(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        over_tls, login, sender, recipients = False, None, "", []
        self._say("220 mail.test")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    offered = ["mail.test", *(["STARTTLS"] if self.server.mail.context and not over_tls else [])]
                    offered += ["AUTH PLAIN"] if over_tls else []
                    self._say(*(f"250-{word}" for word in offered), "250 8BITMIME")
                case "STARTTLS" if self.server.mail.context is not None:
                    self._say("220 go ahead")
                    self.request = self.server.mail.context.wrap_socket(self.request, server_side=True)
                    self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
                    over_tls = True
                case "AUTH":
                    _, user, password = base64.b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")
                    login = (user, password)
                    self._say("235 welcome")
                case "MAIL":
                    sender = rest.partition("<")[2].partition(">")[0]
                    self._say("250 OK")
                case "RCPT":
                    recipients.append(rest.partition("<")[2].partition(">")[0])
                    self._say("250 OK")
                case "DATA":
                    self._say("354 go on")
                    message = message_from_bytes(self._data(), policy=policy.default)
                    assert isinstance(message, EmailMessage)
                    self.server.mail.mails.append(Mail(sender, tuple(recipients), login, over_tls, message))
                    self._say("250 taken")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("502 not known here")

    def finish(self) -> None:
        super().finish()
        self.request.close()  # that of TLS is another one than the server closes

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _data(self) -> bytes:
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(line.removeprefix(b".") for line in lines)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    mail: MailServer


@contextmanager
def mail_server(context: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    with _Server(("127.0.0.1", 0), _Conversation) as server:
        server.mail = MailServer(f"127.0.0.1:{server.server_address[1]}", context)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.mail
        finally:
            server.shutdown()
            thread.join()

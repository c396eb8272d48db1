"""What does the agent answer? `/metrics`, `/healthz`, `/readyz` and a landing page, from memory and nothing else.

What is not a plain question (another method, a body, headers without end) is refused, and its connection closed.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import h11

from exporters.about import About
from exporters.landing import landing
from exporters.page import Page
from exporters.runner import Runner

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MAX_HEADERS = 100  # Prometheus sends 5, a browser behind two proxies some 30
_METHODS = ("GET", "HEAD")

Fields = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def closing(status: int, said: str, *headers: tuple[str, str]) -> Answer:
    """An answer after which the connection is closed."""
    return Answer(f"{said}\n".encode(), status, headers=(("connection", "close"), *headers))


def answers(about: About, page: Page, runners: Callable[[], Iterable[Runner]]) -> Callable[[h11.Request], Answer]:
    """All three are looked at anew for each answer."""

    def metrics(headers: Fields) -> Answer:
        vary = ("vary", "Accept-Encoding")
        if not _takes_gzip(headers):
            return Answer(page.text(), content_type=CONTENT_TYPE, headers=(vary,))
        return Answer(page.gzipped(), content_type=CONTENT_TYPE, headers=(vary, ("content-encoding", "gzip")))

    def healthz(_: Fields) -> Answer:
        return Answer(b"the agent lives\n")

    def readyz(_: Fields) -> Answer:
        waiting = [runner.source.name for runner in runners() if runner.health.state == "waiting"]
        if waiting:
            return Answer(f"no first result yet: {', '.join(waiting)}\n".encode(), 503)
        return Answer(b"every source has had its first run\n")

    def index(_: Fields) -> Answer:
        return Answer(landing(about, runners(), time.time()).encode(), content_type="text/html; charset=utf-8")

    pages = {b"/metrics": metrics, b"/healthz": healthz, b"/readyz": readyz, b"/": index}

    def answer(request: h11.Request) -> Answer:
        refused = _refusal(request)
        if refused is not None:
            return refused
        found = pages.get(_path(request.target))
        return found(request.headers) if found else Answer(b"Not Found\n", 404)

    return answer


def _refusal(request: h11.Request) -> Answer | None:
    if not request.http_version.startswith(b"1."):
        return closing(505, "HTTP Version Not Supported")
    if request.method.decode() not in _METHODS:
        return closing(405, "Method Not Allowed", ("allow", ", ".join(_METHODS)))
    if len(request.headers) > MAX_HEADERS:
        return closing(431, "Request Header Fields Too Large")
    for name, value in request.headers:
        if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            return closing(413, "Content Too Large: a question to the agent has no body")
    return None


def _path(target: bytes) -> bytes:
    """Without a query, and without scheme and host, which a client may write as well (RFC 9112, 3.2.2)."""
    path = target.partition(b"?")[0]
    if path.startswith(b"/"):
        return path
    _, absolute, rest = path.partition(b"://")
    return b"/" + rest.partition(b"/")[2] if absolute else path


def _takes_gzip(headers: Fields) -> bool:
    """RFC 9110, 12.5.3: a weight of 0 means no; `*` speaks for what is not named."""
    accepted = b",".join(value for name, value in headers if name == b"accept-encoding").lower()
    takes = {}
    for choice in accepted.split(b","):
        coding, _, weight = b"".join(choice.split()).partition(b";q=")
        takes[coding] = not weight or bool(weight.strip(b"0."))
    return takes.get(b"gzip", takes.get(b"*", False))

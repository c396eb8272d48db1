"""A loopback server that speaks Prometheus's (and Alertmanager's) HTTP API from a dict of answers.

`instant`: how an expression begins → samples; `over`: expression → series; what is asked of several names at once is
answered with what each has, and its name. `alert_rules`: rules as `/api/v1/rules`
gives them; `alerts`, `silences`: as Alertmanager's `/api/v2/` gives them. What is not in a dict is answered with
nothing. `broken`: path → status and body of what is answered there instead; `refused`: what expressions name that are
answered with 503; `hold`: every answer waits until it is set.
"""

import json
import re
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Labels = Mapping[str, str]
Points = Sequence[tuple[float, float]]

QUERY, RANGE, RULES, ALERTS = "/api/v1/query", "/api/v1/query_range", "/api/v1/rules", "/api/v2/alerts"
SILENCES = "/api/v2/silences"
_SEVERAL = re.compile(r'\{__name__=~?"([^"]*)"\}')


@dataclass
class Answering:
    instant: dict[str, list[tuple[Labels, float]]] = field(default_factory=dict)
    over: dict[str, list[tuple[Labels, Points]]] = field(default_factory=dict)
    alert_rules: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    silences: list[dict[str, Any]] = field(default_factory=list)
    broken: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    hold: threading.Event | None = None
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, query: dict[str, list[str]]) -> Any:
        expression = query.get("query", [""])[0]
        if path == QUERY:
            vector = [
                {"metric": dict(labels) | name, "value": [0, _text(value)]}
                for part, name in _parts(expression)
                for labels, value in next((self.instant[each] for each in self.instant if part.startswith(each)), [])
            ]
            return _success({"resultType": "vector", "result": vector})
        if path == RANGE:
            return _success({"resultType": "matrix", "result": self._matrix(expression, query)})
        if path == RULES:
            return _success({"groups": [{"name": "all", "rules": self.alert_rules}]})
        return self.silences if path == SILENCES else self.alerts

    def _matrix(self, expression: str, query: dict[str, list[str]]) -> list[Any]:
        """Like Prometheus: only points of the grid that was asked for."""
        start, end, step = (float(query[name][0]) for name in ("start", "end", "step"))
        count = int((end - start) / step + 1e-6) + 1
        grid = [round(start + index * step, 3) for index in range(count)]
        series = []
        for part, name in _parts(expression):
            for labels, points in self.over.get(part, []):
                held = [[time, _text(value)] for time in grid if (value := _at(points, time)) is not None]
                if held:
                    series.append({"metric": dict(labels) | name, "values": held})
        return series


@contextmanager
def serving(answering: Answering) -> Iterator[Answering]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # header and body in one packet: else each answer waits 40 ms for an acknowledgement

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            answering.asked.append(parts.path)
            if answering.hold is not None:
                answering.hold.wait(30)
            query = parse_qs(parts.query)
            status, body = answering.broken.get(parts.path, (200, b""))
            if any(each in query.get("query", [""])[0] for each in answering.refused):
                status = 503
            elif parts.path not in answering.broken:
                body = json.dumps(answering.answer(parts.path, query)).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:
                return  # the client gave up waiting, which is what some tests are about

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # all questions come at once; one that finds the queue full is asked again after 1 s

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that was told enough hangs up on its other questions."""
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    answering.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield answering
    finally:
        if answering.hold is not None:
            answering.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _parts(expression: str) -> list[tuple[str, dict[str, str]]]:
    """What is asked for, and the name that is told with it where several are asked for."""
    several = _SEVERAL.match(expression)
    return [(name, {"__name__": name}) for name in several[1].split("|")] if several else [(expression, {})]


def _success(data: Any) -> Any:
    return {"status": "success", "data": data}


def _text(value: float) -> str:
    return {float("inf"): "+Inf", float("-inf"): "-Inf"}.get(value, repr(float(value))) if value == value else "NaN"  # noqa: PLR0124


def _at(points: Points, time: float) -> float | None:
    """The value that held at a time: points are (from when on, value); NaN ends a series."""
    value = next((value for since, value in reversed(points) if since <= time), None)
    return None if value is None or value != value else value  # noqa: PLR0124

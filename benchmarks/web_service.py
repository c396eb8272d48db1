"""A service to look at: answers every GET with 200 and two words, or `--page FILE`. `--port N`, on 127.0.0.1."""

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    body = b"all well\n"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    if asked.page is not None:
        _Answer.body = asked.page.read_bytes()
    ThreadingHTTPServer(("127.0.0.1", asked.port), _Answer).serve_forever()

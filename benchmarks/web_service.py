"""A service for probes to look at: answers every GET with 200 and two words. `--port N`, on 127.0.0.1."""

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_BODY = b"all well\n"


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(_BODY)))
        self.end_headers()
        self.wfile.write(_BODY)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), _Answer).serve_forever()

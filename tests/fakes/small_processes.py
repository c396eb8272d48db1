"""Small real processes for a plan: a server that answers, one that ends, one that does not want to end."""

import sys
from dataclasses import replace
from pathlib import Path

from ragpulse.stack.bring_up import Wanted
from ragpulse.stack.process import Listen, Process

# Names its folder and parent in its answer, and takes SIGTERM as everybody does.
_SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[2])); self.end_headers()
    def log_message(self, *_): pass
print("serving", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
# Sick as long as a file of this name stands where it runs; a new start heals.
_FRAGILE = """
import http.server, pathlib, sys
sick = pathlib.Path("sick")
sick.unlink(missing_ok=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if sick.exists() else 200); self.end_headers()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
_STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
_PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def server(name: str, port: int, *, answer: int = 200, setting: str = "ports.test") -> Process:
    return Process(
        name=name,
        argv=(sys.executable, "-c", _SERVER, str(port), str(answer)),
        about=f"small server {name}",
        listens=(Listen("127.0.0.1", port, setting),),
        ready_url=f"http://127.0.0.1:{port}/",
        look_url=f"http://127.0.0.1:{port}/",
    )


def fragile(name: str, port: int) -> Process:
    """Answers 503 while there is a file `sick` in the state folder, and removes it when it starts."""
    return replace(server(name, port), argv=(sys.executable, "-c", _FRAGILE, str(port)))


def ending(name: str, exit_code: int, *, task: bool = False, words: str = "ending") -> Process:
    code = f"import sys; print({words!r}, flush=True); sys.exit({exit_code})"
    return Process(name=name, argv=(sys.executable, "-c", code), about="ends at once", task=task)


def sleeper(name: str) -> Process:
    return Process(name=name, argv=(sys.executable, "-c", "import time; time.sleep(600)"), about="sleeps")


def stubborn(name: str) -> Process:
    """Ignores SIGTERM. Writes `up` to its log once it does."""
    return Process(name=name, argv=(sys.executable, "-c", _STUBBORN), about="ignores SIGTERM")


def parent(name: str) -> Process:
    """Starts a child of its own and writes its pid to the log."""
    return Process(name=name, argv=(sys.executable, "-c", _PARENT), about="has a child")


def wanted(*processes: Process, demo: bool = False, text: bytes = b"cluster: small\n") -> Wanted:
    return Wanted(demo, Path("cluster.yaml"), text, {}, processes, binaries=None)

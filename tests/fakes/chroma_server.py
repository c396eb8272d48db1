"""The real ChromaDB 0.5.23 with token authentication on a free port of loopback, and the ways in which it can fail.

It lives in an environment of its own, named by RAGPULSE_CHROMA_05; without it the tests fail, they are not skipped.
"""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from ragpulse.services import Chroma, ChromaQuery

TOKEN = "token-of-a-throw-away-server"
_HOST = "127.0.0.1"
_STARTS_WITHIN = 90.0


def environment() -> Path:
    folder = os.environ.get("RAGPULSE_CHROMA_05", "")
    if not (Path(folder) / "bin" / "chroma").exists():
        pytest.fail("RAGPULSE_CHROMA_05 must name an environment with ChromaDB 0.5.23; `make test` sets it up")
    return Path(folder)


class ChromaServer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = _free_port()
        self.url = f"http://{_HOST}:{self.port}"
        self.token_file = folder / "token"
        self.token_file.write_text(TOKEN + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self.folder / "log"
        command = (
            environment() / "bin" / "chroma", "run", "--path", self.data,
            "--host", _HOST, "--port", str(self.port), "--log-path", "/dev/null",
        )  # fmt: skip
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, cwd=self.folder, env=_settings(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        deadline = time.monotonic() + _STARTS_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"ChromaDB did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def write(self, collections: Mapping[str, tuple[int, int]]) -> None:
        """Name → records and dimension, written by Chroma's own client."""
        writer = Path(__file__).with_name("chroma_writer.py")
        subprocess.run(
            (environment() / "bin" / "python", writer, _HOST, str(self.port), TOKEN, json.dumps(collections)),
            env=_settings(), check=True, capture_output=True, timeout=120,
        )  # fmt: skip

    def service(self, *, token_file: Path | None = None, collection: str | None = None) -> Chroma:
        return Chroma(
            kind="chroma",
            nodes=("sark",),
            url=self.url,
            token_file=str(token_file or self.token_file),
            query=ChromaQuery(collection=collection) if collection else None,
        )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another process (here: we) has the database for itself, as a copy or VACUUM does."""
        connection = sqlite3.connect(self.data / "chroma.sqlite3", timeout=30, isolation_level=None)
        try:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")
        finally:
            connection.close()

    @contextmanager
    def paused(self) -> Iterator[None]:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.url}/api/v2/heartbeat", timeout=5):
                return True
        except (OSError, urllib.error.URLError):
            return False


@pytest.fixture(scope="session")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    """One server for the whole run, with 300 and 40 vectors and one empty collection; leave it as you found it."""
    server = ChromaServer(tmp_path_factory.mktemp("chroma"))
    server.start()
    try:
        server.write({"documents": (300, 24), "notes": (40, 8), "empty_one": (0, 0)})
        yield server
    finally:
        server.stop()


@pytest.fixture
def own_chroma(tmp_path: Path) -> Iterator[ChromaServer]:
    """A server that the test may stop."""
    server = ChromaServer(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _settings() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "NO_PROXY": _HOST,
        "PYTHONSAFEPATH": "1",
        "ANONYMIZED_TELEMETRY": "False",
        "CHROMA_OTEL_COLLECTION_ENDPOINT": "",
        "CHROMA_SERVER_AUTHN_PROVIDER": "chromadb.auth.token_authn.TokenAuthenticationServerProvider",
        "CHROMA_SERVER_AUTHN_CREDENTIALS": TOKEN,
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port

"""Real ChromaDB servers of both generations on free ports of loopback, and the ways in which they can fail.

Each lives in an environment of its own, named by a variable; without it the tests fail, they are not skipped. Both get
the same settings for a token, as after an upgrade: 0.5.23 heeds them, 1.5.9 does not.
"""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
import pytest

from tests.fakes.chroma_database import Database
from tests.fakes.running import answers, free_ports

TOKEN = "token-of-a-throw-away-server"
_HOST = "127.0.0.1"
_STARTS_WITHIN = 90.0


@dataclass(frozen=True, slots=True)
class Generation:
    """label: what we say of its version. guards: a request without the token is refused."""

    version: str
    label: str
    variable: str
    options: tuple[str, ...]
    guards: bool


# Without --log-path 0.5.23 would write a log of its own into its folder.
OLD = Generation("0.5.23", "0.5.23", "RAGPULSE_CHROMA_05", ("--log-path", "/dev/null"), guards=True)
NEW = Generation("1.5.9", "1.x (says 1.0.0)", "RAGPULSE_CHROMA_15", (), guards=False)

each_chroma = pytest.mark.parametrize("generation", [OLD, NEW], ids=lambda generation: generation.version)


def environment(generation: Generation = OLD) -> Path:
    folder = os.environ.get(generation.variable, "")
    if not (Path(folder) / "bin" / "chroma").exists():
        version = generation.version
        pytest.fail(f"{generation.variable} must name an environment with ChromaDB {version}; `make test` sets it up")
    return Path(folder)


class ChromaServer:
    """`generation` may be changed while it is stopped: the same data and address, another server."""

    def __init__(self, folder: Path, generation: Generation, token_header: str = "Authorization") -> None:
        self.generation = generation
        self.data = folder / "data"
        self.port = free_ports(1)[0]
        self.url = f"http://{_HOST}:{self.port}"
        self.token_file = folder / "token"
        self.token_file.write_text(TOKEN + "\n")
        self.token_header = token_header
        self.token_prefix = "Bearer" if token_header == "Authorization" else ""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def default(self) -> Database:
        return Database(self)

    def client(self) -> httpx.Client:
        headers = {self.token_header: f"{self.token_prefix} {TOKEN}".strip()}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, under: tuple[str, ...] = ()) -> None:
        log = self._folder / "log"
        command = (
            *under, str(environment(self.generation) / "bin" / "chroma"), "run", "--path", str(self.data),
            "--host", _HOST, "--port", str(self.port), *self.generation.options,
        )  # fmt: skip
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=self._settings(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        deadline = time.monotonic() + _STARTS_WITHIN
        while not answers(f"{self.url}/api/v2/heartbeat"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"ChromaDB did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    def start_on_a_small_disk(self, size: str) -> None:
        """Its folder is a file system of its own, which only it has mounted and which ends with it."""
        self.data.mkdir()
        mounted = f'mount -t tmpfs -o size={size} tmpfs "$0" && exec "$@"'
        self.start(("unshare", "--map-root-user", "--mount", "sh", "-c", mounted, str(self.data)))
        self.data = Path(f"/proc/{self.pid}/root{self.data}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another process (here: we) has the database for itself, as a copy or VACUUM does."""
        with closing(sqlite3.connect(self.data / "chroma.sqlite3", timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")

    @contextmanager
    def paused(self) -> Iterator[None]:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _settings(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONSAFEPATH": "1",
            # 0.5.23 would phone home; 1.5.9 connects to nobody of its own accord.
            "ANONYMIZED_TELEMETRY": "False",
            "CHROMA_OTEL_COLLECTION_ENDPOINT": "",
            "CHROMA_SERVER_AUTHN_PROVIDER": "chromadb.auth.token_authn.TokenAuthenticationServerProvider",
            "CHROMA_SERVER_AUTHN_CREDENTIALS": TOKEN,
            "CHROMA_AUTH_TOKEN_TRANSPORT_HEADER": self.token_header,
        }


@contextmanager
def running_chroma(server: ChromaServer) -> Iterator[ChromaServer]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def shared_chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Generation], ChromaServer]]:
    """Each generation is started once, by the first test that wants it."""
    with ExitStack() as stack:

        @cache
        def started(generation: Generation) -> ChromaServer:
            server = ChromaServer(tmp_path_factory.mktemp(f"chroma-{generation.version}"), generation)
            stack.enter_context(running_chroma(server))
            server.default.write({"documents": (300, 24), "notes": (40, 8), "empty_one": (0, 0)})
            return server

        yield started


@pytest.fixture
def chroma(generation: Generation, shared_chroma: Callable[[Generation], ChromaServer]) -> ChromaServer:
    """With 300 and 40 vectors and one empty collection in its default database; leave these as you found them."""
    return shared_chroma(generation)


@pytest.fixture
def database(chroma: ChromaServer) -> Database:
    """A database for this test alone, in a tenant of its own."""
    return Database.made(chroma)


@pytest.fixture
def own_chroma(generation: Generation, tmp_path: Path) -> Iterator[ChromaServer]:
    """A server that the test may stop. It asks for its token in the other header of the two that are usual."""
    with running_chroma(ChromaServer(tmp_path, generation, token_header="X-Chroma-Token")) as server:
        yield server

"""Does a real Chroma serve what was restored? It is started over the copy, on a free port of loopback, and asked.

Every collection is counted and, where it has vectors, asked for a neighbour, which loads its index. Errors:
UnreadableError.
"""

import contextlib
import os
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from ragpulse.borg.opened import UnreadableError

_HOST = "127.0.0.1"
_STARTS_WITHIN = 120.0  # seconds; a large collection and a cold disk
_ANSWERS_WITHIN = 60.0
_DATABASE = "/api/v2/tenants/default_tenant/databases/default_database"
# It must serve us without a token, and tell nobody of it.
_OPEN = ("CHROMA_SERVER_AUTHN_PROVIDER", "CHROMA_SERVER_AUTHN_CREDENTIALS", "CHROMA_SERVER_AUTHN_CREDENTIALS_FILE")


def records(program: str, folder: Path) -> int:
    """Of all collections of the default database."""
    with (
        _serving(program, folder) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=_ANSWERS_WITHIN) as client,
    ):
        try:
            collections = _asked(client, "GET", f"{_DATABASE}/collections")
            return sum(_records(client, each) for each in collections)
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            raise UnreadableError(f"Chroma starts over it, and does not answer well: {error!r}"[:300]) from None


def _records(client: httpx.Client, collection: dict[str, Any]) -> int:
    path = f"{_DATABASE}/collections/{collection['id']}"
    count = int(_asked(client, "GET", f"{path}/count"))
    if count and (dimension := collection.get("dimension")):
        vector = [random.random() for _ in range(dimension)]  # noqa: S311 - any vector will do
        question = {"query_embeddings": [vector], "n_results": 1, "include": ["distances"]}
        if len(_asked(client, "POST", f"{path}/query", question)["ids"][0]) != 1:
            raise UnreadableError(f"Chroma counts {count} records in a collection and finds none of them")
    return count


def _asked(client: httpx.Client, method: str, path: str, body: Any = None) -> Any:
    return client.request(method, path, json=body).raise_for_status().json()


@contextlib.contextmanager
def _serving(program: str, folder: Path) -> Iterator[str]:
    with socket.create_server((_HOST, 0)) as free:
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name not in _OPEN}
    try:
        process = subprocess.Popen(
            [program, "run", "--path", str(folder), "--host", _HOST, "--port", str(port)],
            env={**environment, "ANONYMIZED_TELEMETRY": "False"},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise UnreadableError(f"{program}: {error.strerror}; name a Chroma that starts, or none") from None
    try:
        url = f"http://{_HOST}:{port}"
        _wait(process, url)
        yield url
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            raise UnreadableError(f"Chroma does not start over it: it ended with status {process.returncode}")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/api/v2/heartbeat", trust_env=False, timeout=2).is_success:
                return
        time.sleep(0.1)
    raise UnreadableError(f"Chroma does not start over it within {_STARTS_WITHIN:g} s")

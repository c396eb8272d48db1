"""Fills the demo's Chroma: `documents` and `notes`, seeded clustered vectors with short texts, to exact counts.

Runs under the interpreter of the Chroma environment and imports nothing of ragpulse. Safe to run again: only what is
missing is added, and what does not belong is deleted. Exit status 0 when both collections are complete, 1 with one
line otherwise. A collection is created once and never deleted, because deleting leaks in Chroma 0.5.
"""

import argparse
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import chromadb
import numpy as np
from chromadb.config import Settings
from chromadb.errors import ChromaError

_DIMENSION = 384
_BATCH = 500
_SPREAD = 0.6  # of the noise around a topic's centre, relative to the centre's length
_TOPICS = ("backups", "storage", "networks", "tokens", "caches", "queues", "alerts", "budgets", "drivers", "batches")
_CLUSTERS_PER_TOPIC = 4


Item = TypeVar("Item", int, str)


class FillError(Exception):
    """Ends the run with one line."""


def wait_for(url: str, seconds: float) -> None:
    """Until the server answers its heartbeat. Errors: FillError after `seconds`."""
    deadline = time.monotonic() + seconds
    # The server is this machine: a proxy of the environment has no part in it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(f"{url}/api/v2/heartbeat", timeout=5):
                return
        except (OSError, urllib.error.URLError) as error:
            if time.monotonic() > deadline:
                raise FillError(f"Chroma at {url} did not answer within {seconds:g} s: {error}") from error
            time.sleep(0.5)


def vectors(count: int, seed: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    """Unit vectors around a few dozen centres: neighbours that mean something, the same in every run."""
    generator = np.random.default_rng(seed)
    clusters = len(_TOPICS) * _CLUSTERS_PER_TOPIC
    centres = generator.standard_normal((clusters, _DIMENSION))
    points = centres[np.arange(count) % clusters] + _SPREAD * generator.standard_normal((count, _DIMENSION))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def complete(client: "chromadb.ClientAPI", name: str, count: int, seed: int) -> str:
    """One line about what was done."""
    collection = client.get_or_create_collection(name, metadata={"hnsw:space": "cosine"}, embedding_function=None)
    wanted = [f"{name}-{number:06d}" for number in range(count)]
    present = set(collection.get(include=[])["ids"])
    foreign = sorted(present.difference(wanted))
    for batch in _batches(foreign):
        collection.delete(ids=batch)
    missing = [number for number, key in enumerate(wanted) if key not in present]
    points = vectors(count, seed)
    for numbers in _batches(missing):
        collection.add(
            ids=[wanted[number] for number in numbers],
            embeddings=points[numbers].tolist(),
            documents=[_text(name, number) for number in numbers],
            metadatas=[{"topic": _topic(number), "number": number} for number in numbers],
        )
    if (found := collection.count()) != count:
        raise FillError(f"{name}: {found} records instead of {count}")
    return f"{name}: {count} records, {len(missing)} added, {len(foreign)} deleted"


def _batches(items: list[Item]) -> Iterator[list[Item]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _topic(number: int) -> str:
    return _TOPICS[number % len(_TOPICS)]


def _text(name: str, number: int) -> str:
    return f"{name} {number}: what we know about {_topic(number)}."


def _connect(url: str, token: str, header: str) -> "chromadb.ClientAPI":
    parts = urlsplit(url)
    return chromadb.HttpClient(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 8000,
        headers={header: token},
        settings=Settings(anonymized_telemetry=False),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--token-header", default="X-Chroma-Token")
    parser.add_argument("--documents", type=int, default=8000)
    parser.add_argument("--notes", type=int, default=2000)
    parser.add_argument("--wait", type=float, default=120.0, help="seconds to wait for the server")
    arguments = parser.parse_args()
    try:
        wait_for(arguments.url, arguments.wait)
        client = _connect(arguments.url, arguments.token_file.read_text().strip(), arguments.token_header)
        print(complete(client, "documents", arguments.documents, seed=1))
        print(complete(client, "notes", arguments.notes, seed=2))
    except (FillError, ChromaError, OSError, ValueError) as error:
        print(f"chroma-fill: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

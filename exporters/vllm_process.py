"""Is a vLLM loading here? What can be seen of one that does not answer yet: its process, and since when it runs.

vLLM opens its port only when the model is loaded, minutes after its start. Source: the processes of this machine, of
which one is it that runs vLLM's API server for the port in question (8000 when it names none, as vLLM does). In another
PID namespace than ours, or behind a port that is mapped, nothing is seen, and nothing is claimed. Unix time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import psutil

_DEFAULT_PORT = 8000
_SERVER = re.compile(r"(?:^| )(?:-m vllm\.entrypoints\.\S+|(?:\S*/)?vllm serve)(?: |$)")
_WORDS = 8  # of a command line, within which the server is named


def started(url: str) -> float | None:
    """When the server for this URL was started; None when no process of it is seen."""
    port = urlsplit(url).port or _DEFAULT_PORT
    found = [
        process.info["create_time"]
        for process in psutil.process_iter(["cmdline", "create_time"])
        if serves(process.info["cmdline"] or (), port) and process.info["create_time"]
    ]
    return max(found, default=None)


def serves(command: Sequence[str], port: int) -> bool:
    return _SERVER.search(" ".join(command[:_WORDS])) is not None and _port(command) == port


def _port(command: Sequence[str]) -> int:
    for word in _values(command):
        return int(word) if word.isascii() and word.isdigit() else 0
    return _DEFAULT_PORT


def _values(command: Sequence[str]) -> Iterable[str]:
    for place, word in enumerate(command):
        if word.startswith("--port="):
            yield word.removeprefix("--port=")
        elif word == "--port" and place + 1 < len(command):
            yield command[place + 1]

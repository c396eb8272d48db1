"""Is a vLLM loading here? What can be seen of one that does not answer yet: its process, and since when it runs.

vLLM opens its port only when the model is loaded, minutes after its start. Source: /proc/PID/cmdline and stat of this
machine's processes, of which one is it that runs vLLM's API server for the port in question (8000 when it names none,
as vLLM does). In another PID namespace than ours, behind a port that is mapped, or told its port by a file, it is not
seen, and nothing is claimed. A command line is only compared, and never shown: it may hold a key. Seconds since boot.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

_DEFAULT_PORT = 8000
_PORTS = {"http": 80, "https": 443}
_SERVER = re.compile(r"(?:^| )(?:-m vllm\.entrypoints\.\S+|(?:\S*/)?vllm serve)(?: |$)")
_WORDS = 8  # of a command line, within which the server is named
_MOST_BYTES = 4096  # of a command line that are looked at
_STARTTIME = 19  # field 22 of /proc/PID/stat; the name before, in brackets, may hold anything
_TICKS = os.sysconf("SC_CLK_TCK")


def started(url: str, root: Path = Path("/proc")) -> float | None:
    """When the newest server for this URL was started; None when no process of one is seen."""
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme)
    return max((when for command, when in _processes(root) if serves(command, port)), default=None)


def serves(command: Sequence[str], port: int | None) -> bool:
    words = " ".join(command).split()  # a shell has the whole command as one word
    return _SERVER.search(" ".join(words[:_WORDS])) is not None and _port(words) == port


def _processes(root: Path) -> Iterator[tuple[list[str], float]]:
    for folder in root.iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError, ValueError, IndexError):  # hidden from us, or gone by now
            with (folder / "cmdline").open("rb") as file:
                command = file.read(_MOST_BYTES).decode(errors="replace").split("\0")
            if "vllm" in "".join(command):
                stat = (folder / "stat").read_text(errors="replace")
                yield command, int(stat.rpartition(")")[2].split()[_STARTTIME]) / _TICKS


def _port(words: Sequence[str]) -> int | None:
    for place, word in enumerate(words):
        name, _, value = word.partition("=")
        if name == "--port":
            value = value or next(iter(words[place + 1 :]), "")
            return int(value) if value.isascii() and value.isdigit() else None
    return _DEFAULT_PORT

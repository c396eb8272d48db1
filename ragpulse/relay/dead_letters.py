"""Messages that could not be told: one JSON object a line, the newest last, readable by our user alone.

`{"at": <Unix seconds>, "receiver", "reason", "detail", "accepted", "text"}`; no URL of a receiver, no token. The file
keeps its newest lines up to 1 MiB. Errors: OSError.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

from ragpulse import atomic
from ragpulse.relay import words
from ragpulse.relay.cut import Limit
from ragpulse.relay.notification import Notification

_MOST_BYTES = 1024 * 1024
_TEXT = Limit(4000, "bytes")


class DeadLetters:
    def __init__(self, file: Path, clock: Callable[[], float] = time.time, most: int = _MOST_BYTES) -> None:
        self._file = file
        self._clock = clock
        self._most = most
        atomic.sweep(file)

    def add(self, receiver: str, body: bytes, accepted: float, reason: str, detail: str) -> None:
        letter = {
            "at": round(self._clock(), 3),
            "receiver": receiver,
            "reason": reason,
            "detail": detail,
            "accepted": round(accepted, 3),
            "text": words.text(Notification.read(body), _TEXT),
        }
        before = self._file.read_bytes() if self._file.exists() else b""
        content = before + json.dumps(letter, ensure_ascii=False).encode() + b"\n"
        if len(content) > self._most:
            content = content[-self._most :].partition(b"\n")[2]
        atomic.write(self._file, content, mode=0o600)

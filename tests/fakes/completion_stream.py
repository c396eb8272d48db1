"""Streamed completions of vLLM, whole or broken on purpose: raw answers of a replaying server."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.fakes.http_replay import Behaviour, speak

STREAM = (Path(__file__).parent.parent / "captures" / "vllm" / "http" / "completion-stream.body").read_bytes()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
DONE = b"data: [DONE]\n\n"


def chunked(*pieces: bytes, ended: bool = True) -> bytes:
    coded = b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)
    return coded + (b"0\r\n\r\n" if ended else b"")


def stream(*pieces: bytes, ended: bool = True) -> Behaviour:
    return speak(HEAD + chunked(*pieces, ended=ended))


def event(**more: Any) -> bytes:
    told = {"model": "tiny", "choices": [{"index": 0, "text": "e", "finish_reason": None}], **more}
    return f"data: {json.dumps(told)}\n\n".encode()


END = event(choices=[{"index": 0, "text": "e", "finish_reason": "length"}])


def cut_at(text: bytes, places: list[int]) -> list[bytes]:
    """The text in pieces, none of them empty."""
    edges = sorted({0, len(text), *(place for place in places if place < len(text))})
    return [text[start:end] for start, end in pairwise(edges)]

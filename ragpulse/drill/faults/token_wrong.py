"""The agents get another token for ChromaDB than the one that it was started with."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from ragpulse import atomic
from ragpulse.demo.cluster import chroma_token_file
from ragpulse.drill.fault import Fault
from ragpulse.drill.rig import Rig


@contextmanager
def _broken(rig: Rig) -> Iterator[None]:
    file = chroma_token_file(rig.state.folder)
    right = file.read_text()
    atomic.write(file, secrets.token_urlsafe(32), mode=0o600)
    try:
        yield
    finally:
        atomic.write(file, right, mode=0o600)


FAULT = Fault("token-wrong", "ChromaDB refuses the token of the agents", _broken, "ChromaUnauthorized")

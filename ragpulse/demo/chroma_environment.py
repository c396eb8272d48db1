"""Where does the demo's real ChromaDB come from? An environment of its own, that `make up` installs and names."""

import os
from pathlib import Path

from ragpulse.errors import RagpulseError

_VARIABLE = "RAGPULSE_CHROMA_05"


def chroma_environment() -> Path:
    """Errors: RagpulseError."""
    text = os.environ.get(_VARIABLE)
    if not text:
        raise RagpulseError(f"the demo needs a real ChromaDB: run `make up`, which installs one and sets {_VARIABLE}")
    folder = Path(text)
    if not (folder / "bin" / "chroma").exists():
        raise RagpulseError(f"{_VARIABLE}={folder} is no environment with ChromaDB: run `make up`, which makes one")
    return folder

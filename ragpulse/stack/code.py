"""Which code is this? A stack that was started by older code is another stack, also when its version is the same.

Source: the modules and templates of our four packages, which lie beside each other in a checkout and in a wheel.
"""

import hashlib
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PACKAGES = ("ragpulse", "exporters", "dashboards", "alerts")
_SUFFIXES = {".py", ".html", ".css"}


def digest(root: Path = _ROOT) -> str:
    """Of names and contents, so that a file that was only touched changes nothing. Errors: OSError."""
    whole = hashlib.sha256()
    for package in _PACKAGES:
        for file in sorted((root / package).rglob("*")):
            if file.suffix in _SUFFIXES:
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                whole.update(f"{file.relative_to(root)}\0{content}\n".encode())
    return whole.hexdigest()

"""Where is a repository: in a folder of this machine, or on another one?"""

import re
from pathlib import Path

_ON_ANOTHER = re.compile(r"(?!file:)(\w+://|[^/:]+:)")  # ssh://host/path, and scp's own way: user@host:path


def local_folder(repository: str) -> Path | None:
    """None for one on another machine."""
    return None if _ON_ANOTHER.match(repository) else Path(repository.removeprefix("file://"))

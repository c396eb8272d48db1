"""Files that are either the old one or the new one, never half of each. Errors: OSError with the name of the file."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

Content = str | bytes

_RANDOM = "?" * 8  # what tempfile appends; an editor's `.swp` is shorter


def write(path: Path, content: Content, mode: int = 0o644) -> None:
    """Write to a temporary file beside `path`, fsync, rename. Parent folders are made."""
    with beside(path, content, mode) as put:
        put()


def write_all(contents: Mapping[Path, Content]) -> None:
    """None is replaced before all of them lie on the disk."""
    with ExitStack() as stack:
        for put in [stack.enter_context(beside(path, content)) for path, content in contents.items()]:
            put()


@contextmanager
def beside(path: Path, content: Content, mode: int = 0o644) -> Iterator[Callable[[], None]]:
    """The new content, on the disk beside the old one. What is given puts it in place and needs no room for that."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    with named(path):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=_prefix(path))
    temporary = Path(name)

    def put() -> None:
        with named(path):
            temporary.replace(path)

    try:
        with named(path):
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(mode)
        yield put
    finally:
        temporary.unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Removes what a writer of `path` left behind that was killed. Only while nobody writes it."""
    for left in path.parent.glob(f"{_prefix(path)}{_RANDOM}"):
        left.unlink(missing_ok=True)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """The system names no file when a disk is full, and a temporary one otherwise; here an error names `path`."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _prefix(path: Path) -> str:
    return f".{path.name}."

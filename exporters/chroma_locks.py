"""Which processes hold a lock on a file right now? Source: /proc/locks, which anybody may read and which takes none.

SQLite locks ranges of its file for as long as a transaction lasts: a fraction of a second for one who reads and is
done, for ever for one who was left open. Some file systems (btrfs) call their device otherwise there than in `stat`,
and a kernel may keep the list to itself: then nobody is seen.
"""

import os
from contextlib import suppress
from pathlib import Path

from exporters.chroma_process import Identity

_LOCKS = Path("/proc/locks")
_WAITS = "->"  # second word of who does not have it yet
_PID, _FILE = 4, 5  # `1: POSIX ADVISORY WRITE 21193 fe:00:2441233 1073741824 1073742335`


def holders_of_locks(file: Identity) -> set[int]:
    found = set()
    with suppress(OSError, ValueError, IndexError):
        for words in map(str.split, _LOCKS.read_text().splitlines()):
            if words[1] != _WAITS and _file(words[_FILE]) == file:
                found.add(int(words[_PID]))
    return found


def _file(word: str) -> Identity:
    major, minor, inode = word.split(":")
    return os.makedev(int(major, 16), int(minor, 16)), int(inode)

"""Is a regular expression of the cluster file found in an answer that its author does not control?

Python's own engine can take years for some pairs of pattern and text, and no other thread of the agent would run
meanwhile. So a pattern that repeats or chooses is searched for in a process of its own, which costs some 20 ms of
processor time a look and is ended when its time is over. Words without `* + ? { |` are looked for right here.
Errors: OSError when no process can be started, SourceError when it fails.
"""

import re
import subprocess
import sys

from exporters.source import SourceError

_BACKTRACKS = frozenset("*+?{|")
_LEAST_SECONDS = 0.5  # to start a process on a busy machine; the deadline of a probe leaves a second after its requests
_FOUND, _NOT_FOUND = 0, 10
_SEARCH = f"""
import re, sys
text = sys.stdin.buffer.read().decode("utf-8", "replace")
sys.exit({_FOUND} if re.search(sys.argv[1], text) else {_NOT_FOUND})
"""


class BodyMatch:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._is_quick = not _BACKTRACKS & set(pattern)

    def is_in(self, body: bytes, seconds: float) -> bool:
        """A search that does not end within `seconds` (but half a second at least) has found nothing."""
        if self._is_quick:
            return re.search(self._pattern, body.decode("utf-8", "replace")) is not None
        command = [sys.executable, "-I", "-S", "-c", _SEARCH, self._pattern]
        try:
            ended = subprocess.run(
                command, input=body, timeout=max(seconds, _LEAST_SECONDS), capture_output=True, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        if ended.returncode not in (_FOUND, _NOT_FOUND):
            raise SourceError(f"body_match: the search ended with status {ended.returncode}")
        return ended.returncode == _FOUND

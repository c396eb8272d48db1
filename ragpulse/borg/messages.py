"""What does Borg say on its standard error under `--log-json`, and which of our reasons is it?

Most lines are JSON objects; some are plain text (a prompt, wrong usage). What is meant for people stays readable for
them. Source: Borg 1.2.4; later versions add ids, which are taken where they are known.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from ragpulse.borg.state import is_message_id

_REASONS = {
    "LockTimeout": "locked",
    "LockError": "locked",
    "LockErrorT": "locked",
    "LockFailed": "locked",
    "PassphraseWrong": "passphrase",
    "NoPassphraseFailure": "passphrase",
    "PasscommandFailure": "passphrase",
    "Repository.DoesNotExist": "repository",
    "Repository.InvalidRepository": "repository",
    "Repository.InvalidRepositoryConfig": "repository",
    "Repository.PathPermissionDenied": "repository",
    "Cache.RepositoryAccessAborted": "repository",
    "Cache.CacheInitAbortedError": "repository",
    "ConnectionClosed": "repository",
    "ConnectionClosedWithHint": "repository",
    "IntegrityError": "damaged",
    "Repository.CheckNeeded": "damaged",
    "Repository.ObjectNotFound": "damaged",
    "NoManifestError": "damaged",
    "Repository.InsufficientFreeSpaceError": "no_space",
    "Archive.DoesNotExist": "no_archive",
    "Signal.SIGTERM": "interrupted",
    "Signal.SIGHUP": "interrupted",
    "Signal.SIGINT": "interrupted",
}
_NO_ROOM = re.compile(r"\[Errno (27|28|122)\]")  # a file may not grow, the disk is full, a quota is used up
_NEVER_MATCHED = re.compile(r"Include pattern .* never matched\.")
# Without a word before the error it is a path that was named and not one that was met on the way.
_NOT_THERE = re.compile(r"(?P<path>.+?): (?P<met>\w+: )?\[Errno 2\] ", re.DOTALL)
_ERRORS = {"ERROR", "CRITICAL"}
_LONGEST_WORDS = 300


@dataclass(slots=True)
class Said:
    """named: arguments of the command, which may be paths to back up. missing: those of them that were not there.

    words: the first that went wrong, for people alone; it may name anything. message_id, reason: what is recorded.
    """

    named: frozenset[str] = frozenset()
    message_id: str = ""
    reason: str = ""
    words: str = ""
    missing: set[str] = field(default_factory=set)

    def hear(self, line: str) -> str | None:
        """Takes a line in; gives what of it is meant for people."""
        found = _message(line)
        if found is None:
            return line
        if found.get("type") == "file_status":
            return f"{found.get('status')} {found.get('path')}"
        if found.get("type") != "log_message":
            return None
        text, message_id = str(found.get("message", "")), str(found.get("msgid", ""))
        is_error, reason = found.get("levelname") in _ERRORS, self._reason(text, message_id)
        if is_error and not self.message_id and is_message_id(message_id):
            self.message_id = message_id
        if is_error or reason:
            self.words = self.words or text.partition("\n")[0][:_LONGEST_WORDS]
        self.reason = self.reason or reason
        return text

    def _reason(self, text: str, message_id: str) -> str:
        if _NO_ROOM.search(text):
            return "no_space"
        if _NEVER_MATCHED.match(text):
            return "missing_path"
        if (match := _NOT_THERE.match(text)) and (match["met"] is None or match["path"] in self.named):
            self.missing.add(match["path"])
        return _REASONS.get(message_id, "")


def _message(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None

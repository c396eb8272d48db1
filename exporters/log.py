"""What does the agent log, and where? key=value lines on standard error; what cannot be written there is dropped."""

import json
import logging
import time

from ragpulse import line_log

_OURS = ("exporters", "ragpulse")


def to_stderr() -> None:
    handler = line_log.to_stderr()
    handler.setFormatter(_KeyValue())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for library in ("apscheduler", "httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)


class _KeyValue(logging.Formatter):
    """Our own messages are key=value as they are; those of libraries become one value."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        moment = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(record.created))
        message = record.message
        if not record.name.startswith(_OURS):
            message = f"logger={record.name} message={json.dumps(message)}"
        return f"time={moment} level={record.levelname.lower()} {message}"

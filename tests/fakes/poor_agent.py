"""The agent as a process that may have few descriptors. Says its port, then takes and gives back what is left of them.

It reads `take` and `give` from standard input and says `done` after each; its log goes to standard error.
"""

import os
import resource
import sys
import threading
from contextlib import suppress

from exporters import log
from exporters.agent import serve
from exporters.ending import leave
from exporters.server import listener

DESCRIPTORS = 24


def obey() -> None:
    taken: list[int] = []
    for order in sys.stdin:
        if order == "take\n":
            with suppress(OSError):
                while True:
                    taken.append(os.dup(0))
        while order == "give\n" and taken:
            os.close(taken.pop())
        print("done", flush=True)


if __name__ == "__main__":
    log.to_stderr()
    with listener("127.0.0.1", 0, "the port of the test") as bound:
        print(bound.getsockname()[1], flush=True)
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        threading.Thread(target=obey, daemon=True).start()
        serve(([], ""), "alpha", bound, lambda: ([], ""))
    leave(0)

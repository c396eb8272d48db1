"""Prometheus and Alertmanager, from wherever they can be had: those at hand, else the distribution's archive.

`python -m ragpulse.stack.provide [--own-release | --both]` prints their folders, joined with `:`, newest first.
"""

import argparse
import os
import sys

from ragpulse.errors import RagpulseError
from ragpulse.stack.archive import Archive
from ragpulse.stack.binaries import Binaries, Say, at_hand


def provide(say: Say) -> Binaries:
    """Errors: RagpulseError when there are none and none can be had."""
    return at_hand(os.environ, say) or Archive.of_this_machine(say).newest()


def main() -> int:
    parser = argparse.ArgumentParser(prog="ragpulse.stack.provide", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--own-release", action="store_true", help="only what the distribution's own release has")
    which.add_argument("--both", action="store_true", help="the newest, then the distribution's own release")
    arguments = parser.parse_args()

    def say(line: str) -> None:
        print(f"ragpulse: {line}", file=sys.stderr)

    try:
        found = [] if arguments.own_release else [provide(say)]
        if arguments.own_release or arguments.both:
            found.append(Archive.of_this_machine(say).own_release())
    except RagpulseError as error:
        say(str(error))
        return error.exit_code
    print(os.pathsep.join(dict.fromkeys(str(folder) for binaries in found for folder in binaries.folders())))
    return 0


if __name__ == "__main__":
    sys.exit(main())

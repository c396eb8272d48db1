"""What the parts of a cluster file say against each other."""

from typing import NamedTuple

from ragpulse.location import Path_


class Contradiction(NamedTuple):
    """`because`: other places of the file that it follows from: where one of them is faulty, this may be none."""

    path: Path_
    text: str
    because: tuple[Path_, ...] = ()

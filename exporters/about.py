"""What an agent says of itself besides its sources: its node, the note of the cluster file, a reload that failed."""

from dataclasses import dataclass


@dataclass(slots=True)
class About:
    """Written by the thread that reloads, read by those that answer. refused: why the last reload changed nothing."""

    node: str
    note: str = ""
    refused: str = ""

"""Which ports does the demo use, and how does the operator move them all at once?"""

from dataclasses import dataclass, fields
from typing import Self

from ragpulse.errors import RagpulseError

# What is said beside a port that is taken.
SETTING = "--ports-from N (demo)"
_HIGHEST = 65535


@dataclass(frozen=True, slots=True)
class DemoPorts:
    """`agent` is the port of both agents: they differ by address."""

    overview: int = 9478
    receiver: int = 9479
    prometheus: int = 9090
    alertmanager: int = 9093
    agent: int = 9477
    vllm: int = 8000
    chroma: int = 8001
    memory: int = 3000

    @classmethod
    def starting_at(cls, base: int) -> Self:
        """Consecutive ports in the order of the fields. Errors: RagpulseError when they do not all exist."""
        count = len(fields(cls))
        highest_base = _HIGHEST - count + 1
        if not 1 <= base <= highest_base:
            raise RagpulseError(
                f"--ports-from {base}: the demo needs {count} ports from there on; write 1024 to {highest_base}"
            )
        return cls(*range(base, base + count))

"""A /proc and /sys of a test's own making, and what a source reads there."""

from pathlib import Path

from exporters.source import Counting, Source
from ragpulse.metric import Sample, series

CAPTURED_6_18 = Path(__file__).parent.parent / "captures" / "linux-6.18"


class Machine:
    """`root` is handed to sources; nothing is there but what the test writes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def folder(self, name: str) -> None:
        (self.root / name).mkdir(parents=True, exist_ok=True)

    def unreadable(self, name: str) -> None:
        """A folder where a file should be: nobody can read it, not even root."""
        self.folder(name)


def samples(source: Source) -> list[Sample]:
    """One run, and the source's counters if it has any."""
    found = list(source.read())
    return found + list(source.counters()) if isinstance(source, Counting) else found


def shown(source: Source) -> dict[str, float]:
    """Series → value, the prefix `ragpulse_` left out. A source says nothing twice and nothing undeclared."""
    found = samples(source)
    assert {sample.metric.name for sample in found} <= {metric.name for metric in source.emits}
    values = {series(sample).removeprefix("ragpulse_"): sample.value for sample in found}
    assert len(values) == len(found), "a series stands twice"
    return values

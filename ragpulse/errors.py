"""What can be wrong with what an operator wrote, and how it is said: one line each, with file, key and mend."""

from collections.abc import Iterable
from dataclasses import dataclass


class RagpulseError(Exception):
    """Anything that ends a command with one clear line instead of a traceback.

    `exit_code` is 2 where the configuration is at fault and 1 where the world is.
    """

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: `key` is its path (`services.chroma.url`), `line` counts from 1 where it is known."""

    key: str
    text: str
    line: int | None = None


class ConfigError(RagpulseError):
    """Every problem of one file at once."""

    exit_code = 2

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda p: (p.line or 0, p.key, p.text)))
        super().__init__("\n".join(self._lines()))

    def _lines(self) -> Iterable[str]:
        for problem in self.problems:
            place = f"{self.file}:{problem.line}" if problem.line else self.file
            yield _visible(f"{place}: {problem.key}: {problem.text}" if problem.key else f"{place}: {problem.text}")


def _visible(line: str) -> str:
    """What was written may hold line ends and commands for a terminal, and is told all the same."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in line)

"""What mutation found: a table by component, the survivors, the score; and docs/mutation.md."""

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.binaries import binary
from tests.mutation.rule import Mutant

FLOOR, FLOOR_OF_ONE = 0.90, 0.80
DOCUMENT = Path(__file__).parents[2] / "docs" / "mutation.md"


@dataclass(frozen=True, slots=True)
class Verdict:
    """equivalent: why it changes nothing that any test could see."""

    mutant: Mutant
    killed: bool
    equivalent: str | None = None

    @property
    def survived(self) -> bool:
        return not self.killed and self.equivalent is None


def score(verdicts: Sequence[Verdict]) -> float:
    judged = [each for each in verdicts if each.equivalent is None]
    return sum(each.killed for each in judged) / len(judged) if judged else 1.0


def good_enough(verdicts: Sequence[Verdict]) -> bool:
    each = [score([one for one in verdicts if one.mutant.component == name]) for name in _components(verdicts)]
    return score(verdicts) >= FLOOR and all(one >= FLOOR_OF_ONE for one in each)


def text(verdicts: Sequence[Verdict]) -> str:
    return "\n".join([*_table(verdicts), "", *_survivors(verdicts)])


def write(verdicts: Sequence[Verdict]) -> None:
    before = DOCUMENT.read_text().split("## Result", maxsplit=1)[0]
    commit = _said("git", "rev-parse", "--short", "HEAD")
    promtool = " ".join(_said(str(binary("promtool")), "--version").split()[:3])
    DOCUMENT.write_text(f"{before}## Result\n\nOf commit {commit}, by {promtool}.\n\n{text(verdicts)}\n")


def _said(*command: str) -> str:
    return subprocess.run(command, cwd=DOCUMENT.parent, capture_output=True, text=True, check=True).stdout.strip()


def _components(verdicts: Sequence[Verdict]) -> list[str]:
    return list(dict.fromkeys(each.mutant.component for each in verdicts))


def _table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield "| rules of | mutants | killed | equivalent | survived | score |"
    yield "|---|---|---|---|---|---|"
    for name in _components(verdicts):
        yield _row(f"`{name}`", [each for each in verdicts if each.mutant.component == name])
    yield _row("**all**", verdicts)


def _row(name: str, verdicts: Sequence[Verdict]) -> str:
    killed = sum(each.killed for each in verdicts)
    equivalent = sum(each.equivalent is not None for each in verdicts)
    survived = sum(each.survived for each in verdicts)
    return f"| {name} | {len(verdicts)} | {killed} | {equivalent} | {survived} | {100 * score(verdicts):.1f} % |"


def _survivors(verdicts: Sequence[Verdict]) -> Iterator[str]:
    found = [each.mutant for each in verdicts if each.survived]
    yield f"Survivors ({len(found)}):" if found else "None survives."
    yield ""
    for mutant in found:
        yield f"- {mutant.component}: `{mutant}`"

"""`python -m tests.mutation [COMPONENT...]`: every mutant of every rule, those that no test notices, and the score.

Exit 1 below `FLOOR`, or when a component is below its own. `--write` puts the result into docs/mutation.md.
"""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.fakes.derived_cases import derived_cases
from tests.fakes.rule_cases import FOLDER, Case, cases
from tests.mutation import report
from tests.mutation.equivalent import reason
from tests.mutation.judge import cases_by_spot, kills, promtool_passes
from tests.mutation.report import Verdict
from tests.mutation.rule import Mutant, loaded_by, mutants


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("components", nargs="*", help="of alerts/rules.py; all when none is named")
    parser.add_argument("--write", action="store_true", help="the result to docs/mutation.md")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many promtool at a time")
    arguments = parser.parse_args()
    files = [path.stem for path in sorted(FOLDER.glob("*.yml"))]
    every_case = [*(case for file in files for case in cases(file)), *derived_cases()]
    by_spot = cases_by_spot(every_case)
    wanted = [
        each for each in mutants(loaded_by(files)) if not arguments.components or each.component in arguments.components
    ]

    def able(mutant: Mutant) -> dict[tuple[str, str], Case]:
        return {(case.file, case.name): case for spot in mutant.changed for case in by_spot[spot]}

    def judged(mutant: Mutant) -> Verdict:
        killed = kills(mutant, able(mutant).values(), promtool_passes)
        return Verdict(mutant, killed, None if killed else reason(mutant))

    used = {name: case for mutant in wanted for name, case in able(mutant).items()}
    with ThreadPoolExecutor(arguments.jobs) as pool:
        well = pool.map(lambda case: promtool_passes(case, {}), used.values())
        if failing := [name for name, passes in zip(used, well, strict=True) if not passes]:
            print("\n".join(f"{file}: fails without any mutant: {name}" for file, name in failing), file=sys.stderr)
            return 2
        verdicts = list(pool.map(judged, wanted))
    print(report.text(verdicts))
    if arguments.write:
        report.write(verdicts)
    return 0 if report.good_enough(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())

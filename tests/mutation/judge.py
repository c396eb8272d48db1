"""Is a mutant killed: does any test that could notice it fail?

Each test is run with the rules that it needs, the likely ones first, until one fails. What was once judged is looked
up: by the hash of what promtool was given, in the user's cache. Errors: AssertionError when a test fails without any
mutant.
"""

import hashlib
import os
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.fakes.binaries import binary
from tests.fakes.rule_cases import Case, rules_of
from tests.fakes.rule_tests import SHORT_LIVED
from tests.mutation.rule import Mutant, Spot

Passes = Callable[[Case, dict[int, dict[str, Any]]], bool]


def kills(mutant: Mutant, cases: Iterable[Case], passes: Passes) -> bool:
    return any(not passes(case, _of(mutant, case)) for case in sorted(cases, key=lambda case: _unlikely(mutant, case)))


def cases_by_spot(cases: Iterable[Case]) -> dict[Spot, list[Case]]:
    found: dict[Spot, list[Case]] = defaultdict(list)
    for case in cases:
        for number in case.needs:
            found[case.cluster, number].append(case)
    return found


def _of(mutant: Mutant, case: Case) -> dict[int, dict[str, Any]]:
    return {
        number: body
        for (cluster, number), body in mutant.changed.items()
        if cluster == case.cluster and number in case.needs
    }


def _unlikely(mutant: Mutant, case: Case) -> tuple[bool, bool, int]:
    """Its own tests first, those that name it before the others, small ones before large ones."""
    return (not case.file.startswith(mutant.component), mutant.rule not in str(case.test), len(case.needs))


def promtool_passes(case: Case, changed: dict[int, dict[str, Any]]) -> bool:
    rules = rules_of(case.cluster)
    files = case.files(
        replace(rules[number], body=changed[number]) if number in changed else rules[number] for number in case.needs
    )
    known = _cache() / hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
    if not known.exists():
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                (Path(folder) / name).write_text(text)
            said = subprocess.run(
                [binary("promtool"), "test", "rules", "tests.yml"],
                cwd=folder, env=os.environ | SHORT_LIVED, capture_output=True, text=True, check=False, timeout=120,
            )  # fmt: skip
        known.write_text("passes" if said.returncode == 0 else "fails")
    return known.read_text() == "passes"


def _cache() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ragpulse" / "mutation"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

"""Mutants that change nothing which a test could see, each kind with its reason, in `equivalent.yaml`.

An entry names rules and changes by regular expressions, which match whole.
"""

import re
from functools import cache
from pathlib import Path

import yaml

from tests.mutation.rule import Mutant

FILE = Path(__file__).parent / "equivalent.yaml"


def reason(mutant: Mutant) -> str | None:
    return next((entry["reason"] for entry in entries() if fits(entry, mutant)), None)


def fits(entry: dict[str, str], mutant: Mutant) -> bool:
    return bool(re.fullmatch(entry["rule"], mutant.rule) and re.fullmatch(entry["change"], mutant.change))


@cache
def entries() -> tuple[dict[str, str], ...]:
    return tuple(yaml.safe_load(FILE.read_text()) or ())

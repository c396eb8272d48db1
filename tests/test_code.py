"""When is code other code? When a module or template of ours has other contents or another name, and only then."""

import os
from pathlib import Path

import pytest

from ragpulse.stack import code


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("ragpulse/a.py", "exporters/b.py", "ragpulse/overview/templates/c.html"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


@pytest.mark.parametrize("name", ["ragpulse/a.py", "exporters/b.py", "ragpulse/overview/templates/c.html"])
def test_other_contents_are_other_code(checkout: Path, name: str) -> None:
    before = code.digest(checkout)
    (checkout / name).write_text("other")
    assert code.digest(checkout) != before


def test_another_name_is_other_code(checkout: Path) -> None:
    before = code.digest(checkout)
    (checkout / "exporters" / "b.py").rename(checkout / "exporters" / "d.py")
    assert code.digest(checkout) != before


def test_what_is_only_touched_compiled_or_generated_is_the_same_code(checkout: Path) -> None:
    before = code.digest(checkout)
    os.utime(checkout / "ragpulse" / "a.py", (1, 1))
    for name in ("ragpulse/__pycache__/a.pyc", "alerts/generated/rules.yml", "tests/test_a.py"):
        (checkout / name).parent.mkdir(parents=True)
        (checkout / name).touch()
    assert code.digest(checkout) == before


def test_our_own_code_is_found() -> None:
    assert code.digest() == code.digest()
    assert code.digest() != code.digest(Path("/nonexistent"))

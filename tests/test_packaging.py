"""The wheel by itself: what it holds, and that it runs without the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (archive,) = folder.glob("*.whl")
    zipfile.ZipFile(archive).extractall(folder / "site")
    return folder / "site"


def run(wheel: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(wheel)}
    result = subprocess.run(
        [sys.executable, *arguments], cwd=wheel, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_wheel_holds_the_four_packages_and_nothing_else(wheel: Path) -> None:
    names = {path.name for path in wheel.iterdir() if not path.name.endswith(".dist-info")}
    assert names == {"ragpulse", "exporters", "dashboards", "alerts"}
    assert not list(wheel.rglob("tests"))


def test_what_is_needed_at_run_time_lies_inside(wheel: Path) -> None:
    assert list((wheel / "ragpulse" / "overview" / "templates").glob("*.html"))
    assert list((wheel / "ragpulse" / "demo" / "gpu" / "scenarios").glob("*.json"))
    assert list((wheel / "ragpulse" / "overview" / "runbooks").glob("*.md"))


def test_every_module_can_be_imported_from_the_wheel_alone(wheel: Path) -> None:
    # The filler of the demo's Chroma runs under the interpreter of Chroma's own environment.
    modules = [
        ".".join(path.relative_to(wheel).with_suffix("").parts)
        for package in ("ragpulse", "exporters", "dashboards", "alerts")
        for path in (wheel / package).rglob("*.py")
        if path.name not in {"__main__.py", "chroma_fill.py"}
    ]
    where = run(wheel, "-c", f"import importlib; [importlib.import_module(m) for m in {modules!r}]; "
                             "import ragpulse; print(ragpulse.__file__)")  # fmt: skip
    assert where.strip().startswith(str(wheel))


def test_the_command_explains_itself(wheel: Path) -> None:
    text = run(wheel, "-m", "ragpulse", "--help")
    for verb in ("agent", "generate", "up", "down", "status", "overview", "demo"):
        assert verb in text

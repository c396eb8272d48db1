"""The house rules that no single file can show: who imports whom, how large a file is, what may not stand in one."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("ragpulse", "exporters", "dashboards", "alerts", "benchmarks")
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]

# `dashboards` uses the names of recording rules, which stand in the core; nobody else looks across.
MAY_IMPORT = {
    "ragpulse": {"ragpulse"},
    "exporters": {"ragpulse", "exporters"},
    "dashboards": {"ragpulse", "dashboards", "alerts"},
    "alerts": {"ragpulse", "alerts"},
    "benchmarks": {"ragpulse", "exporters", "benchmarks"},
}


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    parts = path.relative_to(ROOT).parts
    if parts[:2] == ("ragpulse", "commands") or parts == ("ragpulse", "__main__.py"):
        return  # the commands put everything together
    ours = {name.split(".")[0] for name in imported(path)} & set(PACKAGES)
    assert ours <= MAY_IMPORT[parts[0]]


def test_one_file_imports_grafanalib() -> None:
    users = [path.name for path in MODULES if any(name.startswith("grafanalib") for name in imported(path))]
    assert users == ["grafana.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_300_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_requirement_files_pin_by_hash_and_name_no_index() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text, f"{path.name} names an address"

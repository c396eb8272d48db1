"""A thousand rounds with a hostile service leave nothing behind: no memory, no thread, no open file."""

import json
import subprocess
import sys
from pathlib import Path

from tests.fakes.hostile_growth import ROUNDS, WARM, growth
from tests.fakes.hostile_watch import CHECKS, SECRET

ROOT = Path(__file__).parent.parent
BLOCKS = ROUNDS // 2  # not even one small object in every second round; what is just then in use makes up to 150
OPEN = 40  # a connection at most for each of them and its other end: which of them stand in a moment is chance
MEMORY = 16 * 1024 * 1024
PATIENCE = 240.0  # seconds; a bound for a broken test


def test_a_thousand_rounds_leave_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    command = (sys.executable, "-m", "tests.fakes.hostile_growth", str(tmp_path / "secret"))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True)
    found = json.loads(done.stdout)
    grown = found["grown"]
    assert grown["blocks"] < BLOCKS
    assert abs(grown["threads"]) < OPEN
    assert abs(grown["files"]) < OPEN
    assert grown["memory"] < MEMORY
    assert set(found["failed"]) >= {"auth", "connect", "http_5xx", "invalid", "redirect", "too_large"}, "each met all"
    for name, runs in found["runs"].items():
        assert sum(runs.values()) == WARM + ROUNDS
        assert runs["deadline"] == 0, name
    # How often a round trip reads and deletes depends on who accepts its memory.
    asked = {(kind, check): count for kind, check, count in found["asked"] if kind != "trip"}
    assert asked == {(kind, check): WARM + ROUNDS for kind, checks in CHECKS.items() for check in checks}


def test_a_leak_of_one_small_object_a_round_would_be_seen() -> None:
    leaked: list[object] = []
    assert growth(lambda: leaked.append(object())).blocks >= BLOCKS

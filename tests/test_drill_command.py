"""`ragpulse drill` on the command line: what it refuses, and one round of it on a real demo."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ragpulse.drill import kept
from ragpulse.drill.faults import FAULTS

pytestmark = pytest.mark.no_cover  # what is tested runs in processes of its own


def drill(folder: Path, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ragpulse", "drill", *arguments],
        capture_output=True, text=True, check=False, cwd=folder, timeout=seconds,
    )  # fmt: skip


def test_faults_are_named_with_what_they_must_be_told_as(tmp_path: Path) -> None:
    done = drill(tmp_path, "--list")
    assert done.returncode == 0
    for fault in FAULTS:
        assert fault.name in done.stdout
        assert (fault.alert or "nothing") in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("chroma-kiled",), "chroma-kiled: there is no such fault; did you mean chroma-killed?"),
        (("--config", "cluster.yaml"), "--config cluster.yaml: no real cluster is broken on purpose"),
        (("--watch-after", "soon"), "--watch-after: "),
        (("--against", "times.json"), "times.json: is no table that `ragpulse drill --save` wrote"),
        (("--save", "times.json"), "times.json: is no table that `ragpulse drill --save` wrote"),
        (("--against", "gone.json"), "--against gone.json: there is no such file"),
        (("--save", "gone/times.json"), "--save gone/times.json: there is no folder gone"),
    ],
    ids=[
        "no such fault",
        "a real cluster",
        "no time",
        "another file to compare with",
        "another file to write",
        "nothing to compare with",
        "no folder to write to",
    ],
)
def test_what_cannot_be_asked_is_one_line_and_nothing_is_started(
    tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "times.json").write_text("{}")
    done = drill(tmp_path, *arguments)
    assert done.returncode == 2
    [line] = (done.stdout + done.stderr).splitlines()
    assert says in line
    assert (tmp_path / "times.json").read_text() == "{}"


def test_one_round_tells_of_an_outage_once_and_of_a_lost_probe_never(tmp_path: Path) -> None:
    file = tmp_path / "times.json"
    done = drill(tmp_path, "--accelerated", "chroma-killed", "one-lost-probe", "--save", str(file), seconds=240)
    assert done.returncode == 0, done.stdout + done.stderr
    outage, lost = kept.load(file)
    assert (outage.fault, outage.heard, outage.pages, outage.notifications) == ("chroma-killed", ("ServiceDown",), 1, 1)
    assert (lost.fault, lost.heard, lost.notifications) == ("one-lost-probe", (), 0)
    assert outage.accelerated
    assert lost.accelerated
    assert list(json.loads(file.read_text())) == ["_about", "ServiceDown"]

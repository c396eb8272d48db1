"""A state folder of a test's own, and a supervisor that watches over its processes; all of it ended with the test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragpulse.stack.identity import Identity
from ragpulse.stack.process import Process
from ragpulse.stack.start import start
from ragpulse.stack.state import Plan, State
from ragpulse.stack.stop import stop


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    state.prepare()
    yield state
    stop(state)


def start_plan(state: State, *processes: Process) -> Identity:
    state.write_plan(Plan("digest", demo=False, config_file="cluster.yaml", processes=processes))
    return start(state, sys.executable)

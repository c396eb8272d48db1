"""One run of a fault, on a rig that only says how it is; what is told lies in a file as the receiver writes it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from ragpulse.drill.fault import Fault
from ragpulse.drill.heard import Ears
from ragpulse.drill.rig import Rig
from ragpulse.drill.rounds import demos, rounds
from ragpulse.drill.run import Run, run
from ragpulse.errors import RagpulseError


@dataclass
class Still:
    """A rig whose alerts are told by the fault itself. reasons: what speaks against silence;
    remembered: against a new begin."""

    file: Path
    step: float = 0.02
    reasons: list[str] = field(default_factory=list)
    remembered: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    @property
    def ears(self) -> Ears:
        return Ears(self.file)

    def loud(self, _: str | None, *, afresh: bool) -> list[str]:
        return [*self.reasons, *(self.remembered if afresh else ())]

    def tell(self, name: str, status: str, severity: str = "page") -> None:
        alert = {"status": status, "labels": {"alertname": name, "severity": severity}}
        with self.file.open("a") as file:
            file.write(json.dumps({"received": time.time(), "body": {"alerts": [alert]}}) + "\n")


def fault(*told: str, alert: str | None = "NodeDown", within: float = 30.0, name: str = "made-up") -> Fault:
    @contextmanager
    def broken(rig: Rig) -> Iterator[None]:
        still = cast("Still", rig)
        still.done.append(name)
        for each in told:
            still.tell(each, "firing")
        yield
        for each in told:
            still.tell(each, "resolved")

    return Fault(name, "something", broken, alert, within=within)


@pytest.fixture
def still(tmp_path: Path) -> Still:
    return Still(tmp_path / "notifications.jsonl")


def run_of(still: Still, made: Fault, watch_after: float = 0.0) -> Run:
    return run(cast("Rig", still), made, watch_after, lambda _: None)


def test_what_is_told_is_timed_and_counted_and_what_was_told_before_is_not(still: Still) -> None:
    still.tell("NodeDown", "firing")
    still.tell("NodeDown", "resolved")
    found = run_of(still, fault("NodeDown", "ServiceDown"))
    assert found.seconds is not None
    assert 0 <= found.seconds < 5
    assert found.heard == {"NodeDown": 1, "ServiceDown": 1}
    assert (found.pages, found.notifications) == (2, 2)


def test_a_fault_that_nobody_hears_of_has_no_time(still: Still) -> None:
    found = run_of(still, fault("ServiceDown", within=0.1))
    assert found.seconds is None
    assert found.heard == {"ServiceDown": 1}


def test_where_nothing_is_to_be_heard_silence_is_no_fault(still: Still) -> None:
    assert run_of(still, fault(alert=None)).notifications == 0


def test_it_is_watched_for_as_long_as_is_asked_after_the_mending(still: Still) -> None:
    assert 0.5 <= run_of(still, fault("NodeDown"), watch_after=0.5).watched < 10


@pytest.mark.parametrize("where", ["reasons", "remembered"])
def test_without_silence_nothing_is_broken_and_the_reason_is_said(
    still: Still, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr("ragpulse.drill.run._SILENT_WITHIN", 0.1)
    setattr(still, where, ["NodeDown is firing"])
    with pytest.raises(RagpulseError, match=r"^before made-up: no silence comes: NodeDown is firing$"):
        run_of(still, fault("NodeDown"))
    assert not still.done


def test_rounds_take_turns_and_only_the_last_is_watched_on(still: Still) -> None:
    one, other = fault("NodeDown", name="one"), fault("NodeDown", name="other")
    found = list(rounds(cast("Rig", still), (one, other), 2, 0.5, lambda _: None))
    assert still.done == ["one", "other", "one", "other"]
    assert [run.watched >= 0.5 for _, run in found] == [False, False, True, True]


def test_a_fault_that_must_be_alone_has_a_demo_of_its_own() -> None:
    one, alone = fault(name="one"), Fault("alone", "", fault().broken, None, alone=True)
    assert list(demos((alone, one))) == [(one,), (alone,)]
    assert list(demos((alone,))) == [(alone,)]

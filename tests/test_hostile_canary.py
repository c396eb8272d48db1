"""Whatever a hostile server does on the wire ends as a reason for the canary too, in time and contained.

It asks in a way of its own, for it reads the answer while it comes; so it is not among those that look at everything.
"""

import threading
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from exporters.canary_record import CanaryRecord
from exporters.http_answer import WrongAnswer
from exporters.vllm_canary import CanaryPlan, VllmCanary
from exporters.vllm_completion import Completion
from ragpulse.services import Canary, Vllm
from tests.fakes.hostile_answers import VALUES, replaced
from tests.fakes.hostile_growth import MIX
from tests.fakes.hostile_server import hostile, in_turn
from tests.fakes.hostile_watch import SECRET
from tests.fakes.hostile_wire import MISLEADING, SERVERS
from tests.fakes.readings import failures
from tests.fakes.running import until
from tests.fakes.watched import PATIENT
from tests.test_hostile_wire import QUICK, REASONS

BRIEF = Canary.model_validate({"every": "1s"})  # looks at the page of metrics for 0.14 s
# What a status alone would have called good, and pages that are no stream of events.
_NO_STREAM = {"stream_broken", "empty", "invalid"}
# A stream that floods or drips garbage is given up at its first event, before its size or its time is.
_GARBAGE = {"invalid", "too_large"}
_BREAKS_OFF = {"a body cut off", "chunks cut off", "resets in its body"}
ROUNDS = 60
KEPT = 4  # the connection to the page and its other end, one of them just closing


@pytest.fixture
def secret(tmp_path: Path) -> str:
    (tmp_path / "secret").write_text(SECRET)
    return str(tmp_path / "secret")


def canary_of(url: str, secret: str, timeout: float) -> VllmCanary:
    service = Vllm(kind="vllm", nodes=("sark",), url=url, model="tiny", api_key_file=secret, canary=BRIEF)
    return VllmCanary(CanaryPlan("vllm", timeout), service, CanaryRecord())


def found(url: str, secret: str, timeout: float) -> str:
    canary = canary_of(url, secret, timeout)
    list(canary.read())
    ((check, reason),) = failures(canary.counters())
    assert check == "canary"
    return reason


@pytest.mark.parametrize("name", SERVERS)
def test_it_fails_for_the_reason_of_the_table(name: str, secret: str) -> None:
    with SERVERS[name]() as url:
        reason = found(url, secret, QUICK if REASONS[name] == "timeout" else PATIENT)
    if name in _BREAKS_OFF:
        assert reason == "stream_broken"
    else:
        assert reason == REASONS[name] or (REASONS[name] in ("timeout", "too_large") and reason in _GARBAGE)


@pytest.mark.parametrize("name", MISLEADING)
def test_a_good_status_over_something_else_is_no_completion(name: str, secret: str) -> None:
    with hostile(MISLEADING[name]) as url:
        assert found(url, secret, PATIENT) in _NO_STREAM


FIELDS: tuple[tuple[str | int, ...], ...] = (
    (), ("model",), ("object",), ("error",), ("choices",), ("choices", 0), ("choices", 0, "text"),
    ("choices", 0, "finish_reason"), ("usage",), ("usage", "completion_tokens"),
)  # fmt: skip


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_every_value_of_every_field_of_an_event_is_contained(field: tuple[str | int, ...]) -> None:
    """It is a completion, or one of our own reasons why it is none; and it adds no more than was asked for."""
    well = {"model": "tiny", "choices": [{"text": "e", "finish_reason": "length"}], "usage": {"completion_tokens": 1}}
    for name, value in VALUES.items():
        completion = Completion(max_events=9)
        with suppress(WrongAnswer):
            completion.feed(b"data: " + replaced(well, field, value) + b"\n\ndata: [DONE]\n\n", 0.1)
            completion.end()
        assert completion.tokens <= 9, name


def test_rounds_leave_no_thread_and_no_connection_behind(secret: str) -> None:
    def held() -> int:
        return max(threading.active_count() - threads, psutil.Process().num_fds() - files)

    with hostile(in_turn(MIX)) as url:
        threads, files = threading.active_count(), psutil.Process().num_fds()
        canary = canary_of(url, secret, PATIENT)
        for _ in range(ROUNDS):
            list(canary.read())
        until(lambda: held() <= KEPT, "what was opened is closed")
        assert sum(failures(canary.counters()).values()) == ROUNDS

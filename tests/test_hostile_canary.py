"""Whatever a hostile server does on the wire ends as a reason for the canary too, in time and contained.

It asks in a way of its own, for it reads the answer while it comes; so it is not among those that look at everything.
"""

from pathlib import Path

import pytest

from exporters.canary_record import CanaryRecord
from exporters.vllm_canary import CanaryPlan, VllmCanary
from ragpulse.services import Canary, Vllm
from tests.fakes.hostile_server import hostile
from tests.fakes.hostile_watch import SECRET
from tests.fakes.hostile_wire import MISLEADING, SERVERS
from tests.fakes.readings import failures
from tests.fakes.watched import PATIENT
from tests.test_hostile_wire import QUICK, REASONS

# What a status alone would have called good, and pages that are no stream of events.
BRIEF = Canary.model_validate({"every": "1s"})  # looks at the page of metrics for 0.14 s
_NO_STREAM = {"stream_broken", "empty", "invalid"}


@pytest.fixture
def secret(tmp_path: Path) -> str:
    (tmp_path / "secret").write_text(SECRET)
    return str(tmp_path / "secret")


def found(url: str, secret: str, timeout: float) -> str:
    service = Vllm(kind="vllm", nodes=("sark",), url=url, model="tiny", api_key_file=secret, canary=BRIEF)
    canary = VllmCanary(CanaryPlan("vllm", timeout), service, CanaryRecord())
    list(canary.read())
    ((check, reason),) = failures(canary.counters())
    assert check == "canary"
    return reason


@pytest.mark.parametrize("name", SERVERS)
def test_it_fails_for_the_reason_of_the_table(name: str, secret: str) -> None:
    with SERVERS[name]() as url:
        reason = found(url, secret, QUICK if REASONS[name] == "timeout" else PATIENT)
    # A stream that floods or drips garbage is given up at its first event, before its size or its time is.
    assert reason == REASONS[name] or (REASONS[name] in ("timeout", "too_large") and reason in ("invalid", "too_large"))


@pytest.mark.parametrize("name", MISLEADING)
def test_a_good_status_over_something_else_is_no_completion(name: str, secret: str) -> None:
    with hostile(MISLEADING[name]) as url:
        assert found(url, secret, PATIENT) in _NO_STREAM

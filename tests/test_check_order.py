"""Checks run side by side once what they need is known; a failure is named at its root; what hangs is given up."""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn

import pytest

from exporters.checks.check import Check, Key, Result, failed, not_checked, note, well
from exporters.checks.order import AT_ONCE, results
from exporters.http_client import Unanswered
from exporters.source import SourceError

LONG = 30.0  # bounds a broken test


def quietly(*checks: Check) -> dict[Key, Result]:
    return results(checks, lambda _found, _running: None)


def one(aspect: str, run: Callable[[], Result] = lambda: well(""), *needs: str) -> Check:
    return Check("it", aspect, run, tuple(("it", need) for need in needs))


def raises(error: Exception) -> Callable[[], NoReturn]:
    def run() -> NoReturn:
        raise error

    return run


def states(found: dict[Key, Result]) -> dict[str, str]:
    return {aspect: result.state for (_, aspect), result in found.items()}


def test_what_needs_a_failed_check_is_skipped_and_names_the_root_however_far_it_is() -> None:
    found = quietly(
        one("query", raises(AssertionError("asked"))  , "ready"), one("ready", raises(AssertionError("asked")), "port"),
        one("port", lambda: failed("closed", "open it")), one("other"),
    )  # fmt: skip
    assert states(found) == {"port": "failed", "ready": "skipped", "query": "skipped", "other": "well"}
    for aspect in ("ready", "query"):
        assert found["it", aspect].root == ("it", "port")
        assert found["it", aspect].detail == "needs it: port"


@pytest.mark.parametrize("result", [note("odd"), not_checked("not from here")])
def test_what_is_noted_or_cannot_be_judged_stops_nobody(result: Result) -> None:
    assert states(quietly(one("first", lambda: result), one("second", lambda: well(""), "first")))["second"] == "well"


def test_what_is_independent_runs_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=LONG)

    def meet() -> Result:
        both.wait()
        return well("")

    assert set(states(quietly(one("a", meet), one("b", meet))).values()) == {"well"}


def test_no_more_run_at_once_than_the_most() -> None:
    lock, running, most = threading.Lock(), 0, 0
    full = threading.Barrier(AT_ONCE, timeout=LONG)

    def count() -> Result:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        full.wait()
        with lock:
            running -= 1
        return well("")

    found = quietly(*(one(str(number), count) for number in range(2 * AT_ONCE)))
    assert (set(states(found).values()), most <= AT_ONCE) == ({"well"}, True)


def test_what_hangs_is_given_up_and_its_late_result_counts_for_nothing() -> None:
    release = threading.Event()

    def hang(said: str) -> Result:
        assert release.wait(LONG)
        return well(said)

    def tell(found: Mapping[Key, Result], _: Iterable[Key]) -> None:
        if ("it", "hung") in found:
            release.set()

    checks = [
        Check("it", "hung", lambda: hang("late"), limit=0.0), one("after", lambda: well(""), "hung"),
        one("free", lambda: hang("")), one("last", lambda: well(""), "free"),
    ]  # fmt: skip
    found = results(checks, tell)
    assert found["it", "hung"].detail == "it hangs and was given up"
    assert states(found) == {"hung": "failed", "after": "skipped", "free": "well", "last": "well"}


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (SourceError("/run/secrets/x: Permission denied"), "/run/secrets/x: Permission denied"),
        (Unanswered("timeout", "no complete answer within 3 s"), "no complete answer within 3 s"),
        (RuntimeError("with a secret in it"), "this check broke: RuntimeError"),
    ],
)
def test_what_a_check_did_not_foresee_fails_it_alone(error: Exception, detail: str) -> None:
    found = quietly(one("bad", raises(error)), one("good"))
    assert (found["it", "bad"].detail, states(found)) == (detail, {"bad": "failed", "good": "well"})
    assert found["it", "bad"].mend


def test_progress_is_told_after_each_result() -> None:
    told: list[tuple[int, tuple[Key, ...]]] = []

    def tell(found: Mapping[Key, Result], running: Iterable[Key]) -> None:
        told.append((len(found), tuple(running)))

    results([one("a"), one("b", lambda: well(""), "a")], tell)
    assert told == [(0, (("it", "a"),)), (1, (("it", "b"),))]


def test_a_need_that_nobody_checks_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="nobody checks"):
        quietly(one("a", lambda: well(""), "missing"))

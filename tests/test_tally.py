"""The counters of a probe: whole from the start, and right whatever becomes of a run."""

import pytest

from exporters.tally import EMITS, ProbeRun, ProbeTally
from ragpulse.catalogue.service import REASONS
from ragpulse.metric import series
from tests.fakes.readings import by_series, failures, requests

TARGET = 0.1


@pytest.fixture
def tally() -> ProbeTally:
    return ProbeTally("chroma", ["heartbeat", "query"], {"query": TARGET})


def within_target(tally: ProbeTally) -> float:
    return by_series(tally.samples())['ragpulse_probe_within_target_total{service="chroma",check="query"}']


def test_every_check_and_reason_exists_at_zero_from_the_start(tally: ProbeTally) -> None:
    found = by_series(tally.samples())
    assert set(found.values()) == {0.0}
    for check in ("heartbeat", "query"):
        assert f'ragpulse_probe_requests_total{{service="chroma",check="{check}"}}' in found
        for reason in REASONS:
            name = f'ragpulse_probe_failures_total{{service="chroma",check="{check}",reason="{reason}"}}'
            assert name in found


def test_it_says_nothing_but_what_it_emits(tally: ProbeTally) -> None:
    assert {sample.metric for sample in tally.samples()} == set(EMITS)


def test_only_a_check_with_a_target_has_a_within_target_series(tally: ProbeTally) -> None:
    named = [series(sample) for sample in tally.samples() if "within_target" in sample.metric.name]
    assert named == ['ragpulse_probe_within_target_total{service="chroma",check="query"}']


@pytest.mark.parametrize(
    ("seconds", "counts"),
    [(0.0, 1), (TARGET, 1), (TARGET + 1e-9, 0), (60.0, 0)],
    ids=["at once", "exactly at the target", "just beyond it", "far beyond it"],
)
def test_a_success_is_within_target_up_to_and_with_the_target(tally: ProbeTally, seconds: float, counts: int) -> None:
    tally.start().good("query", seconds)
    assert within_target(tally) == counts


def test_the_histogram_counts_every_success_once_and_has_the_target_among_its_edges(tally: ProbeTally) -> None:
    run = tally.start()
    for seconds in (0.0005, TARGET, 0.2, 60.0):
        run.good("query", seconds)
    found = by_series(tally.samples())
    bucket = 'ragpulse_probe_duration_seconds_bucket{{service="chroma",check="query",le="{}"}}'
    assert found[bucket.format("0.001")] == 1
    assert found[bucket.format("0.1")] == 2
    assert found[bucket.format("0.25")] == 3
    assert found[bucket.format("10.0")] == 3
    assert found[bucket.format("+Inf")] == 4
    assert found['ragpulse_probe_duration_seconds_count{service="chroma",check="query"}'] == 4
    assert found['ragpulse_probe_duration_seconds_sum{service="chroma",check="query"}'] == pytest.approx(60.3005)


@pytest.mark.parametrize("reason", REASONS)
def test_a_failure_is_a_request_with_a_reason_and_no_duration(tally: ProbeTally, reason: str) -> None:
    tally.start().bad("query", reason)
    found = by_series(tally.samples())
    assert requests(tally.samples()) == {"heartbeat": 0, "query": 1}
    assert failures(tally.samples()) == {("query", reason): 1}
    assert found['ragpulse_probe_duration_seconds_count{service="chroma",check="query"}'] == 0
    assert within_target(tally) == 0


def test_a_cut_fails_what_the_run_still_owes(tally: ProbeTally) -> None:
    tally.start().good("heartbeat", 0.01)
    tally.cut()
    assert failures(tally.samples()) == {("query", "deadline"): 1}
    assert requests(tally.samples()) == {"heartbeat": 1, "query": 1}


def test_each_further_due_run_fails_every_check(tally: ProbeTally) -> None:
    tally.start().good("heartbeat", 0.01)
    for _ in range(3):
        tally.cut()
    assert failures(tally.samples()) == {("heartbeat", "deadline"): 2, ("query", "deadline"): 3}


def late_good(run: ProbeRun) -> None:
    run.good("query", 0.01)


def late_bad(run: ProbeRun) -> None:
    run.bad("query", "timeout")


@pytest.mark.parametrize("late", [late_good, late_bad], ids=["a success", "a failure"])
def test_a_late_outcome_of_a_cut_run_belongs_to_nobody(tally: ProbeTally, late: object) -> None:
    assert callable(late)
    cut = tally.start()
    tally.cut()
    before = by_series(tally.samples())
    late(cut)
    assert by_series(tally.samples()) == before
    tally.start()
    late(cut)
    assert by_series(tally.samples()) == before, "nor to the next run"


def test_a_run_after_a_cut_counts_as_any_other(tally: ProbeTally) -> None:
    tally.start()
    tally.cut()
    tally.start().good("query", 0.01)
    assert requests(tally.samples()) == {"heartbeat": 1, "query": 2}
    assert within_target(tally) == 1


def test_good_and_failed_requests_add_up_to_all(tally: ProbeTally) -> None:
    run = tally.start()
    run.good("query", 0.01)
    run.bad("heartbeat", "connect")
    tally.start()
    tally.cut()
    found = by_series(tally.samples())
    for check, made in requests(tally.samples()).items():
        failed = sum(count for (name, _), count in failures(tally.samples()).items() if name == check)
        good = found[f'ragpulse_probe_duration_seconds_count{{service="chroma",check="{check}"}}']
        assert made == good + failed

"""The counters of a probe add up after any history of runs, cuts and late outcomes, and at every moment of it."""

import math
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from exporters.latency_counts import LatencyCounts
from exporters.tally import ProbeRun, ProbeTally
from ragpulse.catalogue.service import REASONS
from ragpulse.metric import LATENCY_EDGES, Sample
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.strategies import latencies

CHECKS = ("ready", "query")
TARGET = 0.1
# A step: a new run, a cut, or an outcome (of the run that began so many before the last one).
outcomes = st.tuples(st.integers(0, 2), st.sampled_from(CHECKS), latencies | st.sampled_from(REASONS))
histories = st.lists(st.just("start") | st.just("cut") | outcomes, max_size=30)


def begun() -> ProbeTally:
    return ProbeTally("s", CHECKS, dict.fromkeys(CHECKS, TARGET))


def assert_adds_up(said: Iterable[Sample]) -> dict[str, float]:
    samples = list(said)
    values = by_series(samples)
    failed, made = failures(samples), requests(samples)
    for check in CHECKS:
        labels = f'service="s",check="{check}"'
        buckets = [
            values[f'ragpulse_probe_duration_seconds_bucket{{{labels},le="{edge}"}}']
            for edge in (*LATENCY_EDGES, "+Inf")
        ]
        good = values[f"ragpulse_probe_duration_seconds_count{{{labels}}}"]
        assert made[check] == good + sum(count for (name, _), count in failed.items() if name == check)
        assert buckets == sorted(buckets)
        assert buckets[-1] == good
        assert values[f"ragpulse_probe_within_target_total{{{labels}}}"] == buckets[LATENCY_EDGES.index(TARGET)]
    return values


def happens(run: ProbeRun, check: str, outcome: float | str) -> None:
    if isinstance(outcome, str):
        run.bad(check, outcome)
    else:
        run.good(check, outcome)


@given(histories)
def test_counters_add_up_and_never_fall_and_late_outcomes_belong_to_nobody(history: list[object]) -> None:
    tally = begun()
    runs: list[ProbeRun] = []
    owed: set[str] | None = None  # of the run that is open; None when there is none
    before = assert_adds_up(tally.samples())
    for step in history:
        expected = dict(requests(tally.samples()))
        match step:
            case "start":
                runs.append(tally.start())
                owed = set(CHECKS)
            case "cut":
                tally.cut()
                for check in CHECKS if owed is None else owed:
                    expected[check] += 1
                owed = None
            case (int(back), str(check), (str() | float()) as outcome) if back < len(runs):
                happens(runs[-1 - back], check, outcome)
                if back == 0 and owed is not None:
                    expected[check] += 1
                    owed.discard(check)
        assert requests(tally.samples()) == expected
        now = assert_adds_up(tally.samples())
        assert all(now[name] >= value for name, value in before.items())
        before = now


@given(st.lists(latencies, max_size=50))
def test_each_latency_is_counted_below_every_edge_that_it_does_not_exceed(seconds: list[float]) -> None:
    counts = LatencyCounts()
    for each in seconds:
        counts.add(each)
    seconds.sort()
    assert dict(counts.cumulative()) == {edge: bisect_right(seconds, edge) for edge in (*LATENCY_EDGES, math.inf)}
    assert math.isclose(counts.seconds, math.fsum(seconds), abs_tol=1e-9)


def test_counters_add_up_at_every_moment_while_others_count() -> None:
    tally, done = begun(), threading.Event()
    rounds = 400

    def probes() -> None:
        for number in range(rounds):
            run = tally.start()
            for check in CHECKS:
                happens(run, check, number / rounds if number % 3 else REASONS[0])

    def cuts() -> None:
        for _ in range(rounds):
            tally.cut()

    def asks() -> None:
        while not done.is_set():
            seen.append(assert_adds_up(tally.samples()))

    seen: list[dict[str, float]] = []
    wrong: list[BaseException] = []
    asking = threading.Thread(target=noting(asks, wrong))
    counting = [threading.Thread(target=noting(work, wrong)) for work in (probes, probes, cuts)]
    for thread in (asking, *counting):
        thread.start()
    for thread in counting:
        thread.join()
    done.set()
    asking.join()
    assert wrong == []
    assert seen
    assert all(later[name] >= value for one, later in pairwise(seen) for name, value in one.items())
    assert_adds_up(tally.samples())


def noting(work: Callable[[], None], wrong: list[BaseException]) -> Callable[[], None]:
    def noted() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told by the thread that asserts
            wrong.append(error)

    return noted

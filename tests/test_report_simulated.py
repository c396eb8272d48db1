"""The gate over a whole cluster, run after run: a slowdown of 15 % fails it, an unchanged cluster does not.

Six services, twelve comparisons, an hour of probes every 10 s; the slowdown is in one of them, the others are as they
were. Each way in which latencies vary is judged by at least twenty runs of either kind.
"""

import random
from collections import Counter

import pytest

from ragpulse import cluster_file, yaml_file
from ragpulse.report.compare import compare
from ragpulse.report.saved import Measured, Report, Steps
from tests.fakes.reports import Latencies, chance, lognormal, of, out_of_step, probes, report, with_pauses

CLUSTER = cluster_file.parse(
    yaml_file.parse(
        "cluster: home\nnodes: {a: {address: 127.0.0.1}}\nservices: {web: {kind: http, nodes: [a], url: 'http://a'}}\n",
        "c",
    ),
    "c",
)
HOUR = 360
SLOWDOWN = 1.15
OTHERS = (lognormal(0.2), lognormal(0.3), lognormal(0.1, 0.9), with_pauses(0.2, 0.05, 10), lognormal(0.3, 0.5))
QUIET = {
    "steady": lognormal(0.1),
    "lognormal": lognormal(0.25),
    "pauses of ten times in a twentieth": with_pauses(0.2, 0.05, 10),
    "neighbours alike": lognormal(0.15, 0.5),
}
RESTLESS = {
    "wide": lognormal(0.8),
    "two humps": with_pauses(0.1, 0.5, 3),
    "alike for minutes": lognormal(0.1, 0.9),
    "wandering": lognormal(0.2, 0.98),
}


def measured(rng: random.Random, latencies: Latencies, count: int, slower: float, nodes: int) -> Report:
    def service(name: str, latencies: Latencies, slower: float = 1.0) -> list[Measured]:
        steps = {
            str(node): out_of_step(rng, [slower * each for each in latencies(rng, count)]) for node in range(nodes)
        }
        answered = {node: Steps(amount=one.of, of=one.of) for node, one in steps.items()}
        return [of(steps, "latency", name), of(answered, "answered", name)]

    judged = service("judged", latencies, slower)
    others = [each for index, other in enumerate(OTHERS) for each in service(f"other{index}", other)]
    return report(*judged, *others)


def outcomes(
    name: str, latencies: Latencies, slower: float, runs: int, *, count: int = HOUR, nodes: int = 1
) -> tuple[int, Counter[str]]:
    """How many runs failed, and the verdicts of the one that may be slower."""
    failed, verdicts = 0, Counter[str]()
    for run in range(runs):
        rng = chance(f"{name} {slower} {run}")
        before = measured(rng, latencies, count, 1.0, nodes)
        found = compare(CLUSTER, before, measured(rng, latencies, count, slower, nodes))
        failed += any(one.verdict == "worse" for one in found)
        verdicts[next(one.verdict for one in found if (one.subject, one.kind) == ("judged", "latency"))] += 1
    return failed, verdicts


@pytest.mark.parametrize("name", QUIET)
def test_a_slowdown_of_15_percent_fails_the_gate_in_19_of_20_runs(name: str) -> None:
    failed, verdicts = outcomes(name, QUIET[name], SLOWDOWN, 20)
    assert failed >= 19
    assert verdicts["worse"] >= 19


@pytest.mark.parametrize("name", [*QUIET, *RESTLESS])
def test_an_unchanged_cluster_fails_the_gate_in_1_of_20_runs_at_most(name: str) -> None:
    failed, _ = outcomes(name, (QUIET | RESTLESS)[name], 1.0, 20)
    assert failed <= 1


@pytest.mark.parametrize("name", RESTLESS)
def test_what_is_too_restless_to_tell_is_never_passed_as_the_same(name: str) -> None:
    _, verdicts = outcomes(name, RESTLESS[name], SLOWDOWN, 20)
    assert verdicts["same"] <= 1


def test_a_short_window_tells_nothing_and_says_so() -> None:
    _, verdicts = outcomes("short", lognormal(0.1), SLOWDOWN, 3, count=90)
    assert verdicts == {"too few to tell": 3}


def test_what_one_node_tells_in_four_hours_three_tell_in_little_more_than_one() -> None:
    wide = lognormal(0.5)
    assert outcomes("wide", wide, SLOWDOWN, 4, count=4 * HOUR)[1] == {"worse": 4}
    assert outcomes("wide", wide, SLOWDOWN, 4, count=4 * HOUR // 3, nodes=3)[1] == {"worse": 4}


def test_a_slow_probe_interval_takes_a_longer_window() -> None:
    """A probe each minute: six hours tell what one hour tells of a probe every 10 s."""

    def each_minute(rng: random.Random, hours: int, slower: float) -> Report:
        durations = [slower * each for each in lognormal(0.25)(rng, hours * 60)]
        steps = probes(durations)
        spread = Steps(
            amount=tuple(value for each in steps.amount for value in (each, 0, 0, 0, 0, 0)),
            of=tuple(value for each in steps.of for value in (each, 0, 0, 0, 0, 0)),
        )
        return report(of({"a": spread}))

    def verdict(hours: int, slower: float) -> str:
        rng = chance(7)
        before, now = each_minute(rng, hours, 1.0), each_minute(rng, hours, slower)
        return compare(CLUSTER, before, now)[0].verdict

    assert verdict(1, 1.0) == "too few to tell"
    assert [verdict(6, 1.0), verdict(6, SLOWDOWN)] == ["same", "worse"]


@pytest.mark.proof
@pytest.mark.parametrize("name", [*QUIET, *RESTLESS])
def test_over_200_runs_of_each_kind_the_rates_hold(name: str) -> None:
    latencies = (QUIET | RESTLESS)[name]
    missed, slow = outcomes(name, latencies, SLOWDOWN, 200)
    false, same = outcomes(name, latencies, 1.0, 200)
    print(f"\n{name}: slower {dict(slow)}, {missed} failed; unchanged {dict(same)}, {false} failed")
    assert false <= 0.05 * 200
    assert slow["same"] <= 0.05 * 200
    if name in QUIET:
        assert slow["worse"] >= 0.95 * 200

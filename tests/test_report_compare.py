"""A baseline and now: what can be compared is, what cannot is said and fails nothing."""

from math import isfinite
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragpulse import cluster_file, yaml_file
from ragpulse.report.compare import Comparison, Verdict, compare, notes
from ragpulse.report.kinds import KINDS
from ragpulse.report.saved import Measured, Steps
from tests.fakes.reports import chance, lognormal, of, probes, report

CLUSTER = cluster_file.parse(
    yaml_file.parse(
        "cluster: home\nnodes: {a: {address: 127.0.0.1}, b: {address: 127.0.0.2}}\n"
        "services: {chroma: {kind: chroma, nodes: [a], url: 'http://a'}}\n",
        "c",
    ),
    "c",
)
HOUR = 360


def hour(slower: float = 1.0, seed: int = 1) -> Steps:
    return probes([slower * each for each in lognormal(0.1)(chance(seed), HOUR)])


def share(good: float, every: int = 1) -> Steps:
    """Good in that share of the steps, the bad ones evenly spread."""
    bad = round((1 - good) * HOUR)
    amount = [1.0 * every] * HOUR
    for index in range(bad):
        amount[index * HOUR // bad] = 0.0
    return Steps(amount=tuple(amount), of=(1.0 * every,) * HOUR)


def compared(before: Measured, now: Measured) -> Comparison:
    (found,) = compare(CLUSTER, report(before), report(now))
    return found


NOTHING = Steps(amount=(0.0,) * HOUR, of=(0.0,) * HOUR)


def test_a_slowdown_is_told_with_its_size_and_noise() -> None:
    found = compared(of({"a": hour()}), of({"a": hour(1.15, seed=2)}))
    assert (found.verdict, found.why) == ("worse", "")
    assert found.before == pytest.approx(0.015, rel=0.03)
    assert found.now == pytest.approx(0.01725, rel=0.03)
    assert found.change == pytest.approx(0.15, abs=0.03)
    assert found.noise == pytest.approx(0.015, abs=0.01)


def test_a_speedup_is_better() -> None:
    found = compared(of({"a": hour(1.15)}), of({"a": hour(seed=2)}))
    assert found.verdict == "better"
    assert found.change == pytest.approx(-0.13, abs=0.02)


@pytest.mark.parametrize(("now", "verdict"), [(1.0, "same"), (0.9, "worse"), (0.0, "worse")])
def test_lost_answers_are_worse(now: float, verdict: str) -> None:
    found = compared(of({"a": share(1.0)}, "answered"), of({"a": share(now)}, "answered"))
    assert found.verdict == verdict
    assert found.change == pytest.approx(now - 1)


def test_answers_that_come_back_are_better() -> None:
    assert compared(of({"a": share(0.9)}, "in_time"), of({"a": share(1.0)}, "in_time")).verdict == "better"


def test_fewer_tokens_in_demand_are_worse_and_no_demand_is_no_fault() -> None:
    fast, slow = (of({"a": share(1.0, every=tokens)}, "throughput") for tokens in (1000, 850))
    seconds = [Steps(amount=one.nodes["a"].amount, of=(1.0,) * HOUR) for one in (fast, slow)]
    before, now = (of({"a": one}, "throughput") for one in seconds)
    assert compared(before, now).verdict == "worse"
    assert compared(before, now).change == pytest.approx(-0.15)
    idle = of({"a": NOTHING}, "throughput")
    assert (compared(before, idle).verdict, compared(before, idle).why) == ("not comparable", "no demand seconds now")


def test_an_engine_that_makes_nothing_while_requests_wait_is_worse() -> None:
    busy, stuck = (Steps(amount=(tokens,) * HOUR, of=(1.0,) * HOUR) for tokens in (1000.0, 0.0))
    assert compared(of({"a": busy}, "throughput"), of({"a": stuck}, "throughput")).verdict == "worse"


def test_a_busier_gpu_is_a_fact_and_no_fault() -> None:
    found = compared(of({"a": share(0.5)}, "busy", "a", "gpu 0"), of({"a": share(0.9)}, "busy", "a", "gpu 0"))
    assert found.verdict == "not judged"
    assert found.change == pytest.approx(0.4)


def test_each_node_is_compared_with_itself() -> None:
    """Twice as far away is no slowdown of the service, also when the far node probes less often than before."""
    near, far = hour(), hour(3.0, seed=2)
    thinned = Steps(
        amount=tuple(value * (index % 3 == 0) for index, value in enumerate(far.amount)),
        of=tuple(float(index % 3 == 0) for index in range(HOUR)),
    )
    found = compared(of({"a": near, "b": far}), of({"a": hour(seed=3), "b": thinned}))
    assert found.verdict == "same"
    assert found.change == pytest.approx(0.0, abs=0.03)


def test_a_node_that_is_missing_is_left_out_and_named() -> None:
    found = compared(of({"a": hour(), "b": hour(9.0)}), of({"a": hour()}))
    assert (found.verdict, found.why) == ("same", "compared from a alone")


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        (of({"a": hour()}), of({"b": hour()}), "from a then, from b now"),
        (of({"a": hour()}), of({}), "no answers now"),
        (of({"a": NOTHING}), of({"a": hour()}), "no answers then"),
        (of({"a": hour(), "b": NOTHING}), of({"a": NOTHING, "b": hour()}), "from a then, from b now"),
        (of({"a": hour()}), of({"a": Steps(amount=hour().amount, of=(2.0,) * HOUR)}),
         "1.0 answers in a step then, 2.0 now: probed or scraped at other intervals"),
    ],
)  # fmt: skip
def test_what_was_measured_otherwise_is_not_compared(before: Measured, now: Measured, why: str) -> None:
    found = compared(before, now)
    assert (found.verdict, found.why, found.change) == ("not comparable", why, None)


def test_another_cluster_file_is_said_and_fails_nothing() -> None:
    gone, silent, new = (of({"a": hour()}, subject=name) for name in ("old", "chroma", "new"))
    before, now = report(gone, silent, cluster="other"), report(new)
    found = {one.subject: (one.verdict, one.why) for one in compare(CLUSTER, before, now)}
    assert found == {
        "old": ("not comparable", "no old in the cluster file"),
        "chroma": ("not comparable", "not measured now"),
        "new": ("not comparable", "not in the saved report"),
    }
    assert list(notes(CLUSTER, before)) == ["the saved report is of the cluster other, this is home"]
    assert list(notes(CLUSTER, now)) == []


amounts = st.floats(0, 1e15)
numbers = st.lists(st.one_of(st.just(0.0), amounts), min_size=40, max_size=40).map(tuple)
anything = st.builds(
    of,
    st.dictionaries(
        st.sampled_from("abc"), st.builds(lambda amount, of: Steps(amount=amount, of=of), numbers, numbers)
    ),
    st.sampled_from(list(KINDS)),
)


@given(st.lists(anything, max_size=3), st.lists(anything, max_size=3))
@settings(max_examples=40)
def test_whatever_numbers_a_report_holds_it_is_compared(before: list[Measured], now: list[Measured]) -> None:
    for one in compare(CLUSTER, report(*before, step=300.0), report(*now, step=300.0)):
        assert one.verdict in get_args(Verdict)
        assert all(isfinite(value) for value in (one.change, one.noise, one.before, one.now) if value is not None)


def test_two_empty_reports_have_nothing_to_compare() -> None:
    assert compare(CLUSTER, report(), report()) == ()

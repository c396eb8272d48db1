"""`ragpulse explain`: why an alert fires or does not, by what Prometheus says of each of its conditions."""

from collections.abc import Iterator

import pytest

from tests.fakes.prometheus_api import QUERY, Answering, serving
from tests.fakes.rule_cases import SMALL_CLUSTER as CLUSTER
from tests.fakes.rule_tests import all_rules, small_cluster
from tests.fakes.typed import Said, typed

STATE = 'max by (service) (ragpulse_chroma_state{service="chroma",state="locked"})'
IS_LOCKED = 'max by (service) (ragpulse_chroma_state{service="chroma",state="locked"} == 1)'
NODE_DOWN = 'max_over_time(ALERTS{alertstate="firing",alertname="NodeDown",node="alpha"}[2m])'
ALERTS = len({rule["alert"] for rule in all_rules(small_cluster()) if "alert" in rule})
LABELS = {"alertname": "ChromaLocked", "service": "chroma", "node": "alpha", "component": "chroma", "severity": "page"}


@pytest.fixture
def prometheus() -> Iterator[Answering]:
    with serving(Answering(alert_rules=[{"name": "ChromaLocked", "query": "", "alerts": []}])) as answering:
        yield answering


def explain(capsys: pytest.CaptureFixture[str], prometheus: Answering, *arguments: str) -> Said:
    return typed(capsys, "explain", *arguments, "--config", CLUSTER, "--prometheus", prometheus.url)


def locked(prometheus: Answering) -> None:
    prometheus.instant = {IS_LOCKED: [({"service": "chroma"}, 1.0)], STATE: [({"service": "chroma"}, 1.0)]}


def test_what_is_not_so_is_told_with_its_value(capsys: pytest.CaptureFixture[str], prometheus: Answering) -> None:
    # The whole and the comparison have no result, what is compared has one: the first answer that fits is given.
    prometheus.instant = {IS_LOCKED: [], STATE: [({"service": "chroma"}, 0.0)]}
    said = explain(capsys, prometheus, "ChromaLocked")
    assert said.status == 0
    assert f"does not fire: {STATE} is 0, not == 1" in said.out
    assert "ChromaLocked, chroma: a page, once true for " in said.out
    assert "/runbooks/ChromaLocked" in said.out


def test_what_holds_it_back_is_told(capsys: pytest.CaptureFixture[str], prometheus: Answering) -> None:
    prometheus.instant = {
        f"{IS_LOCKED} unless": [],
        IS_LOCKED: [({"service": "chroma"}, 1.0)],
        STATE: [({"service": "chroma"}, 1.0)],
        NODE_DOWN: [({"alertname": "NodeDown", "node": "alpha"}, 1.0)],
    }
    said = explain(capsys, prometheus, "ChromaLocked", "chroma")
    assert f"does not fire: held back, because {NODE_DOWN} is 1" in said.out


def test_one_that_fires_says_since_when_and_what(capsys: pytest.CaptureFixture[str], prometheus: Answering) -> None:
    locked(prometheus)
    prometheus.alert_rules[0]["alerts"] = [
        {"labels": LABELS, "annotations": {"summary": "it is locked"}, "state": "firing",
         "activeAt": "2026-11-24T13:43:32.7Z", "value": "1e+00"},
        {"labels": LABELS | {"service": "other"}, "state": "firing", "value": "1e+00"},
    ]  # fmt: skip
    said = explain(capsys, prometheus, "ChromaLocked")
    assert "fires, true since 2026-11-24" in said.out
    assert "it is locked" in said.out
    assert said.out.count("fires, true") == 1, "the other one is about another service"


def test_the_arithmetic_of_its_budget_stands_below(capsys: pytest.CaptureFixture[str], prometheus: Answering) -> None:
    prometheus.alert_rules[0]["name"] = "ErrorBudgetBurningFast"
    of = 'slo="availability",service="chroma",check="ready"'
    prometheus.instant = {
        f"ragpulse:slo_attained:ratio30d{{{of}}}": [({}, 0.9995)],
        f"ragpulse:slo_budget_left:ratio{{{of}}}": [({}, 0.5)],
        f"ragpulse:slo_measured:ratio30d{{{of}}}": [({}, 0.2)],
        f"ragpulse:slo_exhaustion:seconds{{{of}}}": [({}, 86400.0)],
        f"ragpulse:slo_burn:rate1h{{{of}}}": [({}, 15.0)],
    }
    said = explain(capsys, prometheus, "ErrorBudgetBurningFast", "chroma")
    assert "0.1 % of the events may be bad" in said.out
    assert "0.05 % were bad, which is 0.5 of what is allowed: 50 % of the budget is left" in said.out
    assert "20 % of the window was measured" in said.out
    assert "burn rate: 15 over 1 h" in said.out
    assert "it is spent in 1 d" in said.out


def test_each_alternative_says_why_it_is_not_so(capsys: pytest.CaptureFixture[str], prometheus: Answering) -> None:
    of = 'slo="availability",service="chroma",check="ready"'
    for window, value in (("1h", 2.0), ("6h", 3.0)):
        burn = f"ragpulse:slo_burn:rate{window}{{{of}}}"
        prometheus.instant |= {f"{burn} >": [], burn: [({}, value)]}
    said = explain(capsys, prometheus, "ErrorBudgetBurningFast", "chroma")
    assert f"rate1h{{{of}}} is 2, not > 14.4; and ragpulse:slo_burn:rate6h{{{of}}} is 3, not > 6" in said.out


def test_of_many_alerts_those_that_do_not_fire_are_a_line_each(
    capsys: pytest.CaptureFixture[str], prometheus: Answering
) -> None:
    said = explain(capsys, prometheus, "ErrorBudgetBurningFast")
    assert "ErrorBudgetBurningFast, chroma, availability: a page" in said.out
    assert "condition" not in said.out.replace("with all conditions", "")
    assert "with all conditions: ragpulse explain ErrorBudgetBurningFast alpha|beta|chroma|memory|rag|vllm" in said.out


def test_conditions_that_are_true_of_different_things_are_not_said_to_be_true(
    capsys: pytest.CaptureFixture[str], prometheus: Answering
) -> None:
    hot, throttled = "ragpulse_gpu_temperature_margin_celsius", "rate(ragpulse_gpu_throttled_seconds_total"
    prometheus.instant = {
        f"({hot} < 3 unless": [],
        f"{hot} < 3 unless": [],
        hot: [({"gpu": "0", "node": "alpha"}, 1.0)],
        throttled: [],
    }
    said = explain(capsys, prometheus, "GpuHot")
    assert "does not fire: each condition is true of something, and all of them of nothing" in said.out


def test_of_what_each_node_has_one_node_can_be_asked_for(
    capsys: pytest.CaptureFixture[str], prometheus: Answering
) -> None:
    up = 'up{job="ragpulse-agent"}'
    prometheus.instant = {
        f"{up} == 0": [({"node": "alpha"}, 0.0)],
        up: [({"node": "beta"}, 1.0), ({"node": "alpha"}, 0.0)],
    }
    both, one = (explain(capsys, prometheus, "NodeDown", *node) for node in ((), ("beta",)))
    assert "NodeDown, of any node: a page" in both.out
    assert "0 (node alpha), 1 (node beta)" in both.out, "the nearest to true stands first"
    assert f"does not fire: {up} is 1 (node beta), not == 0" in one.out


def test_a_rule_that_prometheus_does_not_have_is_told(
    capsys: pytest.CaptureFixture[str], prometheus: Answering
) -> None:
    assert "Prometheus has no rule of this name" in explain(capsys, prometheus, "RecallLow").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ChromaLockd",), "ChromaLockd is no alert of test; did you mean ChromaLocked?"),
        (("Xyz",), f"Xyz is no alert of test; docs/alerts.md has its {ALERTS}"),
        (("NotificationsFailing",), "NotificationsFailing: test has nothing of which this alert could tell"),
        (("NodeDown", "gamma"), "NodeDown is about no gamma; allowed: alpha, beta"),
        (("ChromaLocked", "chrma"), "ChromaLocked is about no chrma; did you mean chroma?"),
    ],
)
def test_what_is_not_there_is_refused(
    capsys: pytest.CaptureFixture[str], prometheus: Answering, arguments: tuple[str, ...], told: str
) -> None:
    said = explain(capsys, prometheus, *arguments)
    assert (said.status, said.err.strip().removeprefix("ragpulse: ")) == (2, told)


def test_a_prometheus_that_gives_no_answer_is_one_line(
    capsys: pytest.CaptureFixture[str], prometheus: Answering
) -> None:
    prometheus.broken[QUERY] = (503, b"")
    said = explain(capsys, prometheus, "ChromaLocked")
    assert said.status == 1
    assert "Prometheus cannot be asked: it answers HTTP 503" in said.err
    assert len(said.err.strip().splitlines()) == 1

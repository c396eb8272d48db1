import socket
import threading
import time

import pytest

from ragpulse.overview.facts import Overview
from tests.fakes import mixed_cluster as mixed
from tests.fakes.mixed_cluster import AVAILABLE, BEGIN, FIRST_TOKEN, INTER_TOKEN, NOW, THROUGHPUT
from tests.fakes.overview_of import Change, changed, overview_at, overview_of, states, verdict
from tests.fakes.prometheus_api import QUERY, RANGE, RULES, SILENCES, Answering, Labels, serving

ANSWERS = frozenset({QUERY, RANGE, RULES})


def everything_is_unknown(overview: Overview) -> bool:
    nothing_judged = all(found.state in {"unknown", "unmeasured"} for found in overview.objectives)
    return nothing_judged and set(states(overview).values()) == {"unknown"} and overview.banner.state == "unknown"


def test_each_target_gets_the_verdict_that_was_recorded_or_the_reason_why_there_is_none() -> None:
    overview = changed()
    assert [(found.slo, found.service, found.state, found.why) for found in overview.objectives] == [
        ("availability", "chroma", "missed", ""),
        ("availability", "memory", "met", ""),
        ("availability", "vllm", "met", ""),
        ("response_time", "chroma", "missed", ""),
        ("response_time", "memory", "met", ""),
        ("response_time", "vllm", "idle", "no traffic"),
        ("time_to_first_token", "vllm", "unknown", "learning: not enough data yet"),
        ("throughput", "vllm", "idle", "no demand: no request waited"),
        ("gpu_utilization", "vllm", "unmeasured", "no GPU on its nodes"),
    ]
    assert {found.verdict for found in overview.objectives} == {"met", "missed", "not judgeable"}


def test_a_value_is_said_over_both_windows_and_never_rounded_up_to_good() -> None:
    found = verdict(changed(), "availability", "vllm")
    assert (found.value_text, found.value_long_text) == ("99.99 % in the last minute", "99.99 % in 5 min")
    assert found.objective_text == "99.9 % of probes answered"
    assert found.measured == "canaries from beta, alpha; probe `ready` while none are sent"


def test_announced_work_stands_in_the_banner_and_changes_no_verdict() -> None:
    work = {
        "id": "1", "comment": "ragpulse maintenance of service chroma: new disk", "createdBy": "op",
        "status": {"state": "active"}, "endsAt": "2030-01-01T12:00:00Z",
    }  # fmt: skip
    announced = changed(lambda answering: answering.silences.append(work)).banner
    assert announced.detail.count("work on chroma is announced until 20") == 1
    assert "(op: new disk)" in announced.detail
    away = changed(lambda answering: answering.broken.update({SILENCES: (500, b"")})).banner
    assert (away.state, away.sentence) == (announced.state, announced.sentence)
    assert "announced" not in away.detail


def test_since_when_is_the_time_of_the_last_change() -> None:
    overview = changed()
    missed = verdict(overview, "availability", "chroma").since
    assert missed.at is not None
    assert NOW - 160 <= missed.at <= NOW - 150, "within one evaluation of the change"
    met = verdict(overview, "availability", "vllm").since
    assert met.at is not None
    assert NOW - 1900 <= met.at <= NOW - 1840, "within a minute of a change that is long ago"


def test_since_when_is_at_least_as_long_as_data_exist() -> None:
    assert verdict(changed(), "availability", "memory").since.at_least == NOW - BEGIN
    longer = changed(lambda answering: answering.instant.update({mixed.OLDEST: [({}, NOW - 10 * 86400)]}))
    assert verdict(longer, "throughput", "vllm").since.at_least == pytest.approx(6 * 3600, abs=660)


def test_without_any_data_nothing_is_said_of_since_when() -> None:
    since = verdict(overview_of(Answering()), "availability", "chroma").since
    assert (since.at, since.at_least) == (None, None)


def no_total(answering: Answering) -> None:
    answering.instant[mixed.TOTAL] = []


def vllm_is(state: str) -> Change:
    return lambda answering: answering.instant.update({mixed.VLLM: [({"service": "vllm", "state": state}, 1)]})


def nothing_of_users(answering: Answering) -> None:
    answering.instant[mixed.TOTAL] = [(of_vllm, 0) for of_vllm in (THROUGHPUT, INTER_TOKEN, FIRST_TOKEN)]


def states_are(state: str) -> Change:
    return lambda answering: answering.instant.update(
        {
            mixed.GPU: [({"node": node, "state": state}, 1) for node in ("alpha", "beta")],
            mixed.GPU_MEASURED: [({"node": "alpha"}, 1)] if state == "ready" else [],
        }
    )


@pytest.mark.parametrize(
    ("changes", "slo", "service", "state", "why"),
    [
        pytest.param(
            [lambda a: a.instant.update({mixed.AGENTS: [({"node": "alpha"}, 1), ({"node": "beta"}, 0)]})],
            "availability", "memory", "unknown", "nothing measures it: agent beta is down",
            id="the only agent that measures it is down, though the rule still has a value",
        ),
        pytest.param(
            [lambda a: a.instant.update({mixed.AGENTS: []})],
            "throughput", "vllm", "unknown", "nothing measures it: Prometheus knows nothing yet of agent alpha",
            id="Prometheus knows nothing of the agent",
        ),
        pytest.param(
            [no_total, lambda a: a.instant.update({mixed.STATE: [(mixed.component("vllm"), 1)]})],
            "throughput", "vllm", "unknown", "vllm is down: it tells nothing", id="the service is down",
        ),
        pytest.param([no_total], "throughput", "vllm", "unknown", "no data yet", id="nothing is known"),
        pytest.param(
            [lambda a: a.instant.update({mixed.TOTAL: [(THROUGHPUT, 0.4)]})],
            "throughput", "vllm", "unknown", "learning: not enough data yet", id="something is measured but not judged",
        ),
        *(
            pytest.param(
                [vllm_is("stalled"), nothing_of_users], slo, "vllm", "unknown",
                "vLLM is stalled: it has requests and makes no progress", id=f"stuck requests show in no {slo}",
            )
            for slo in ("response_time", "time_to_first_token", "throughput")
        ),
        pytest.param(
            [vllm_is("stalled"), lambda a: a.instant.update({mixed.MET: [], mixed.TOTAL: [(AVAILABLE["vllm"], 0)]})],
            "availability", "vllm", "unknown", "no probe ran in the last minute", id="probes do not hang on the engine",
        ),
        pytest.param(
            [vllm_is("saturated"), lambda a: a.instant.update({mixed.MET: [], mixed.TOTAL: [(AVAILABLE["vllm"], 0)]})],
            "availability", "vllm", "idle",
            "vLLM is saturated: canaries meet a full engine, which is late and no outage",
            id="a full engine is no outage",
        ),
        pytest.param(
            [lambda a: a.instant.update({mixed.MET: [], mixed.TOTAL: [(AVAILABLE["memory"], 0)]})],
            "availability", "memory", "unknown", "no probe ran in the last minute", id="no probe runs",
        ),
        pytest.param(
            [lambda a: a.instant.update({mixed.MET: [(AVAILABLE["memory"], float("nan"))]})],
            "availability", "memory", "unknown", "learning: not enough data yet", id="NaN is no verdict",
        ),
        pytest.param(
            [states_are("disabled")], "gpu_utilization", "vllm", "unmeasured",
            "reading GPUs is switched off for its nodes", id="GPUs are switched off",
        ),
        pytest.param(
            [states_are("unavailable")], "gpu_utilization", "vllm", "unknown",
            "the GPUs of its nodes cannot be read", id="a GPU that cannot be read is unknown",
        ),
        pytest.param(
            [states_are("ready")], "gpu_utilization", "vllm", "idle", "no demand: no request waited",
            id="GPUs without demand are idle",
        ),
        pytest.param(
            [states_are("ready"), lambda a: a.instant.update({mixed.DEMAND: [({"service": "vllm"}, 0.25)]})],
            "gpu_utilization", "vllm", "idle", "too little demand: requests waited 25% of the time",
            id="GPUs with little demand are idle",
        ),
        pytest.param(
            [states_are("ready"), lambda a: a.instant.update({mixed.DEMAND: []})],
            "gpu_utilization", "vllm", "unknown", "no data yet", id="GPUs whose demand is not known are unknown",
        ),
        pytest.param(
            [states_are("ready"), lambda a: a.instant.update({mixed.GPU_MEASURED: [({"node": "beta"}, 1)]})],
            "gpu_utilization", "vllm", "unmeasured",
            "its GPUs do not tell how busy they are (as one that is cut into MIG instances)",
            id="GPUs that have no utilisation of their own are not measured",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_says_why(changes: list[Change], slo: str, service: str, state: str, why: str) -> None:
    found = verdict(changed(*changes), slo, service)
    assert (found.state, found.verdict, found.why) == (state, "not judgeable", why)


Instant = dict[str, list[tuple[Labels, float]]]


def bands(**seconds: float) -> Change:
    """Of the GPUs of alpha, where vLLM runs; those of beta are nobody's."""
    found = [({"node": "alpha", "band": band}, value) for band, value in seconds.items()]
    foreign: list[tuple[dict[str, str], float]] = [({"node": "beta", "band": "above"}, 3600)]
    return lambda answering: answering.instant.update({mixed.GPU_BANDS: [*found, *foreign]})


def test_the_time_in_the_band_is_a_fact_beside_the_verdict_also_when_nothing_is_judged() -> None:
    found = verdict(changed(states_are("ready"), bands(below=1080, inside=2268, above=252)), "gpu_utilization", "vllm")
    assert found.state == "idle"
    assert found.fact == "63% of the last hour inside the band of 0.8 to 0.9, 30% below, 7% above"
    assert {each.fact for each in changed().objectives} == {""}


@pytest.mark.parametrize(("met", "busy", "state"), [(1, 0.87, "met"), (0, 0.42, "missed")])
def test_gpus_are_judged_by_what_was_recorded_of_them(met: float, busy: float, state: str) -> None:
    gpu = mixed.objective("gpu_utilization", "vllm", "busy")
    recorded: Instant = {mixed.MET: [(gpu, met)], mixed.SHORT: [(gpu, busy)]}
    found = verdict(changed(states_are("ready"), lambda a: a.instant.update(recorded)), "gpu_utilization", "vllm")
    assert (found.state, found.value, found.why) == (state, busy, "")


def test_a_target_that_the_cluster_file_leaves_unmeasured_says_what_to_configure() -> None:
    unmeasured = mixed.cluster(mixed.CLUSTER.replace(", search: {path: /search}", ""))
    found = verdict(overview_of(mixed.mixed(), of=unmeasured), "response_time", "memory")
    assert (found.state, found.why) == (
        "unmeasured", "no search request is configured: set services.<name>.search",
    )  # fmt: skip


def test_the_agents_that_are_left_judge_alone_and_the_verdict_says_so() -> None:
    both = mixed.cluster(
        mixed.CLUSTER.replace("chroma, nodes: [alpha]", "chroma, nodes: [alpha], probe_from: [alpha, beta]")
    )
    answering = mixed.mixed()
    answering.instant[mixed.AGENTS] = [({"node": "alpha"}, 0), ({"node": "beta"}, 1)]
    found = verdict(overview_of(answering, of=both), "availability", "chroma")
    assert (found.state, found.note) == ("missed", "agent alpha is down: the others judge alone")


@pytest.mark.parametrize("path", sorted(ANSWERS))
@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        pytest.param(500, b"oops", "it answers HTTP 500", id="an error"),
        pytest.param(302, b"", "it answers HTTP 302", id="a redirect"),
        pytest.param(200, b"", "its answer is not what its HTTP API promises", id="an empty answer"),
        pytest.param(200, b"\xff<html>", "its answer is not what its HTTP API promises", id="garbage"),
        pytest.param(
            200, b'{"status":"error","error":"x"}', "its answer is not what its HTTP API promises", id="a refusal"
        ),
    ],
)
def test_one_question_unanswered_makes_everything_unknown(path: str, status: int, body: bytes, reason: str) -> None:
    overview = changed(lambda answering: answering.broken.update({path: (status, body)}))
    assert everything_is_unknown(overview)
    assert overview.problem == f"Prometheus cannot be asked: {reason}"
    assert verdict(overview, "availability", "memory").why == overview.problem
    assert overview.alerts.unknown == overview.problem


def test_no_prometheus_at_all_makes_everything_unknown() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        overview = overview_at(f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert everything_is_unknown(overview)
    assert overview.problem == "Prometheus cannot be asked: no connection; is it running?"
    assert not overview.alerts.path_alive


def test_a_prometheus_that_hangs_is_given_up() -> None:
    answering = mixed.mixed()
    answering.hold = threading.Event()
    with serving(answering):
        start = time.monotonic()
        overview = overview_at(answering.url, timeout=0.3)
        assert time.monotonic() - start < 2
    assert everything_is_unknown(overview)
    assert overview.problem == "Prometheus cannot be asked: no answer within 0.3 s"


def test_a_prometheus_without_data_leaves_everything_unknown_and_says_so_without_blaming_it() -> None:
    overview = overview_of(Answering())
    assert everything_is_unknown(overview)
    assert overview.problem == ""
    assert overview.banner.sentence == "Unknown: no target can be judged"
    assert overview.alerts.unknown == "Prometheus has no alerting rules"


def all_met(answering: Answering) -> None:
    answering.instant[mixed.MET] = [(labels, 1.0) for labels, _ in answering.instant[mixed.MET]]
    answering.instant[mixed.MET].append((mixed.FIRST_TOKEN, 1.0))
    answering.instant[mixed.STATE] = [
        (labels, 3.0 if labels["component"] != "swarm" else 0.0) for labels, _ in answering.instant[mixed.STATE]
    ]
    del answering.alert_rules[1:]


def idle_users(answering: Answering) -> None:
    nothing_of_users(answering)
    answering.instant[mixed.MET].remove((mixed.FIRST_TOKEN, 1.0))


@pytest.mark.parametrize(
    ("changes", "state", "sentence"),
    [
        pytest.param([], "missed", "2 targets missed: chroma (availability, response time)", id="two missed"),
        pytest.param([all_met], "met", "All judged targets are met", id="all met; idle and unmeasured do not count"),
        pytest.param(
            [all_met, lambda a: a.instant[mixed.STATE].__setitem__(3, (mixed.component("memory"), 1))],
            "degraded", "All judged targets are met, but 1 component down: memory", id="a component is down",
        ),
        pytest.param(
            [all_met, lambda a: a.instant[mixed.MET].pop()], "degraded",
            "All judged targets are met, but 1 target unknown", id="one target is not known",
        ),
        pytest.param(
            [all_met, idle_users, vllm_is("serving")], "met", "All judged targets are met", id="vLLM idle",
        ),
        pytest.param(
            [all_met, idle_users, vllm_is("stalled")], "degraded",
            "All judged targets are met, but 3 targets unknown", id="vLLM looks idle but is stalled",
        ),
        pytest.param(
            [all_met, lambda a: a.alert_rules.clear()], "degraded",
            "All judged targets are met, but alerting path unproven: Watchdog does not fire", id="alerts go nowhere",
        ),
        pytest.param(
            [lambda a: a.instant.update({mixed.STATE: [(mixed.component("chroma"), 1)]})], "missed",
            "2 targets missed: chroma (availability, response time); 1 component down: chroma", id="missed and down",
        ),
        pytest.param(
            [lambda a: a.instant.update({mixed.MET: [], mixed.STATE: [(mixed.component("chroma"), 1)]})], "unknown",
            "Unknown: no target can be judged; 1 component down: chroma", id="nothing judged",
        ),
    ],
)  # fmt: skip
def test_the_banner_answers_in_one_sentence(changes: list[Change], state: str, sentence: str) -> None:
    banner = changed(*changes).banner
    assert (banner.state, banner.sentence) == (state, sentence)


def test_the_banner_counts_what_it_rests_on() -> None:
    assert changed(all_met).banner.detail == "6 of 9 targets judged · 6 of 7 components up · no alert fires"


def test_history_holds_an_hour_in_at_most_120_points() -> None:
    history = verdict(changed(), "response_time", "chroma").history
    assert history is not None
    assert 100 < len(history.points) <= 120
    assert history.points[-1] == (NOW, 0.0)
    assert history.points[0][0] >= NOW - 3600

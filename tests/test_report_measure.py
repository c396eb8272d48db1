"""Everything that a baseline keeps, measured at a real Prometheus: by service, by GPU, by node."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from ragpulse.overview.kept_connections import KeptConnections
from ragpulse.overview.prometheus_api import PrometheusApi
from ragpulse.report.measure import measure
from ragpulse.report.saved import Measured
from ragpulse.report.window import Window
from tests.fakes.backfilled import STEP, Recorded, past

STEPS = 30
Found = dict[tuple[str, str, str], Measured]


def counter(name: str, labels: str, growth: Sequence[float]) -> Recorded:
    return Recorded(f"ragpulse_{name}", labels, [sum(growth[:index]) for index in range(len(growth) + 1)])


def steady(name: str, labels: str, each: float) -> Recorded:
    return counter(name, labels, [each] * STEPS)


def counters() -> Iterator[Recorded]:
    vllm, near, far = 'service="vllm",node="a"', 'service="web",check="response",node="a"', 'check="response",node="b"'
    yield steady("vllm_demand_generation_tokens_total", vllm, 9000.0)
    # Requests waited in a third of the time.
    yield counter("vllm_demand_seconds_total", vllm, [10.0, 0.0, 0.0] * (STEPS // 3))
    yield steady("vllm_canary_time_to_first_token_seconds_sum", vllm, 0.25)
    yield steady("vllm_canary_time_to_first_token_seconds_count", vllm, 1.0)
    yield counter("memory_write_to_readable_seconds_sum", 'service="memory",node="a"', [0.5, *[0.0] * (STEPS - 1)])
    yield counter("memory_write_to_readable_seconds_count", 'service="memory",node="a"', [2.0, *[0.0] * (STEPS - 1)])
    for gpu, busy in (("0", 8.0), ("1", 2.0)):
        yield steady("gpu_busy_seconds_total", f'gpu="{gpu}",node="a"', busy)
        yield steady("gpu_observed_seconds_total", f'gpu="{gpu}",node="a"', 10.0)
    yield steady("probe_requests_total", near, 1.0)
    yield steady("probe_within_target_total", near, 0.5)
    for index, reason in enumerate(("timeout", "connect")):
        failures = [float(step == index) for step in range(STEPS)]
        yield counter("probe_failures_total", f'{near},reason="{reason}"', failures)
    recall = 'service="chroma",node="a",k="10"'
    yield Recorded("ragpulse_chroma_recall_ratio", recall, [1.0] * (STEPS // 3 + 1) + [0.95] * (STEPS // 3))
    # This one has never failed, and its agent started in between.
    yield counter("probe_requests_total", f'service="web",{far}', [1.0] * (STEPS // 2))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    async def asked(url: str, end: float) -> Found:
        async with KeptConnections() as connections:
            report = await measure("home", PrometheusApi(connections, url), Window(end, STEP, STEPS))
        return {one.key: one for one in report.measured}

    with past(tmp_path_factory.mktemp("measured"), {}, more=counters(), steps=STEPS) as one:
        return asyncio.run(asked(one.url, one.ends[0]))


def test_tokens_are_counted_against_the_seconds_in_which_requests_waited(found: Found) -> None:
    one = found["vllm", "generation", "throughput"]
    assert (one.amount, one.of) == (9000 * STEPS, 10 * STEPS / 3)
    assert one.value == pytest.approx(2700)


def test_each_gpu_stands_for_itself_under_the_name_of_its_node(found: Found) -> None:
    assert {key: one.value for key, one in found.items() if key[2] == "busy"} == {
        ("a", "gpu 0", "busy"): 0.8,
        ("a", "gpu 1", "busy"): 0.2,
    }


def test_canaries_and_round_trips_have_checks_of_their_own(found: Found) -> None:
    assert found["memory", "write_to_readable", "latency"].value == pytest.approx(0.25)
    assert found["vllm", "first_token", "latency"].value == pytest.approx(0.25)
    assert ("vllm", "inter_token", "latency") not in found


def test_answers_are_requests_without_failures_of_any_reason_and_a_missing_counter_is_none(found: Found) -> None:
    one = found["web", "response", "answered"]
    assert {node: sum(steps.amount) for node, steps in one.nodes.items()} == {"a": STEPS - 2, "b": STEPS / 2}
    assert {node: sum(steps.of) for node, steps in one.nodes.items()} == {"a": STEPS, "b": STEPS / 2}
    assert one.nodes["a"].amount[:3] == (0, 0, 1)


def test_recall_is_the_mean_of_its_readings_over_the_steps_that_have_one(found: Found) -> None:
    one = found["chroma", "recall@10", "recall"]
    assert one.of == 2 * STEPS // 3 + 1
    assert one.value == pytest.approx((11 + 10 * 0.95) / 21)


def test_only_who_has_a_target_is_in_time(found: Found) -> None:
    one = found["web", "response", "in_time"]
    assert (set(one.nodes), one.value) == ({"a"}, 0.5)

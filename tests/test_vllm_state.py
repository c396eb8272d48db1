"""The state of vLLM and the time of demand, from one look to the next, on a clock that the test holds."""

import pytest

from exporters.canary_record import Finding
from exporters.vllm_demand import Demand
from exporters.vllm_page import Engine
from exporters.vllm_state import STALLED_AFTER, StateWatch
from tests.fakes.readings import by_series

POLL = 5.0
KEY = ("tiny", "0")


def engine(
    running: float = 0, waiting: float = 0, kv: float = 0.1, generated: float = 0, progress: float = 0
) -> Engine:
    return Engine(running, waiting, kv, generated, progress or generated)


def judged(looks: list[Engine], *, refusing: bool = False) -> list[str]:
    watch = StateWatch()
    return [watch.judge({KEY: look}, number * POLL, refusing=refusing) for number, look in enumerate(looks)]


class TestState:
    def test_an_idle_server_serves_for_ever(self) -> None:
        assert set(judged([engine()] * 10)) == {"serving"}

    def test_running_requests_without_any_progress_are_stalled_after_15_seconds(self) -> None:
        assert judged([engine(running=3, generated=726)] * 5) == ["serving", "serving", "serving", "stalled", "stalled"]
        assert STALLED_AFTER == 15.0

    def test_progress_ends_a_stall(self) -> None:
        assert judged([engine(running=3, generated=7)] * 4 + [engine(running=3, generated=8)])[-2:] == [
            "stalled",
            "serving",
        ]

    def test_steps_without_tokens_are_progress(self) -> None:
        assert set(judged([engine(running=1, progress=step) for step in range(1, 8)])) == {"serving"}

    def test_requests_that_end_end_a_stall(self) -> None:
        assert judged([engine(running=3, generated=7)] * 4 + [engine(generated=7)])[-1] == "serving"

    def test_time_without_work_does_not_count_towards_a_stall(self) -> None:
        assert set(judged([engine(generated=7)] * 9 + [engine(running=1, generated=7)])) == {"serving"}

    def test_one_stalled_engine_of_two_is_enough(self) -> None:
        watch = StateWatch()
        states = [
            watch.judge(
                {("tiny", "0"): engine(running=1, generated=look), ("tiny", "1"): engine(running=1, generated=4)},
                look * POLL, refusing=False,
            )
            for look in range(4)
        ]  # fmt: skip
        assert states == ["serving", "serving", "serving", "stalled"]

    def test_what_could_not_be_seen_does_not_count_towards_a_stall(self) -> None:
        watch = StateWatch()
        look = {KEY: engine(running=3, generated=7)}
        watch.judge(look, 0.0, refusing=False)
        watch.forget()
        assert watch.judge(look, 60.0, refusing=False) == "serving"

    def test_requests_that_wait_at_two_looks_are_saturation(self) -> None:
        looks = [
            engine(8, 0, generated=1),
            engine(8, 2, generated=2),
            engine(8, 2, generated=3),
            engine(8, generated=4),
        ]
        assert judged(looks) == ["serving", "serving", "saturated", "serving"]

    def test_requests_that_wait_for_a_full_cache_are_saturation_at_once(self) -> None:
        assert judged([engine(8, 1, kv=0.95, generated=1)]) == ["saturated"]

    def test_a_full_cache_without_waiting_requests_is_not(self) -> None:
        assert set(judged([engine(8, 0, kv=1.0, generated=look) for look in range(4)])) == {"serving"}

    def test_a_stall_is_worse_than_saturation_and_a_refusal_worse_than_both(self) -> None:
        looks = [engine(8, 5, kv=1.0, generated=9)] * 4
        assert judged(looks)[-1] == "stalled"
        assert set(judged(looks, refusing=True)) == {"refusing"}

    def test_a_server_without_statistics_serves_as_far_as_can_be_known(self) -> None:
        assert StateWatch().judge({}, 0.0, refusing=False) == "serving"


class TestDemand:
    def found(self, *looks: tuple[float, Engine] | None) -> tuple[float, float]:
        """(seconds, tokens); None stands for a look that failed."""
        demand = Demand("vllm", longest=3 * POLL)
        for look in looks:
            if look is None:
                demand.forget()
            else:
                demand.observe({KEY: look[1]}, look[0])
        values = by_series(demand.samples())
        return (
            values['ragpulse_vllm_demand_seconds_total{service="vllm"}'],
            values['ragpulse_vllm_demand_generation_tokens_total{service="vllm"}'],
        )

    def test_both_counters_exist_at_zero_from_the_start(self) -> None:
        assert self.found() == (0, 0)

    @pytest.mark.parametrize(
        ("waiting", "expected"),
        [((1, 2), (5, 300)), ((0, 2), (0, 0)), ((1, 0), (0, 0)), ((0, 0), (0, 0))],
        ids=["at both ends", "at the end only", "at the beginning only", "at neither end"],
    )
    def test_demand_is_where_requests_wait_at_both_ends(
        self, waiting: tuple[int, int], expected: tuple[float, float]
    ) -> None:
        before, after = waiting
        looks = (100.0, engine(waiting=before, generated=1000)), (105.0, engine(waiting=after, generated=1300))
        assert self.found(*looks) == expected

    def test_looks_add_up(self) -> None:
        looks = [(look * POLL, engine(waiting=1, generated=look * 10.0)) for look in range(5)]
        assert self.found(*looks) == (20, 40)

    def test_a_restarted_engine_takes_nothing_back(self) -> None:
        looks = (0.0, engine(waiting=1, generated=900)), (5.0, engine(waiting=1, generated=3))
        assert self.found(*looks, (10.0, engine(waiting=1, generated=53))) == (10, 50)

    def test_a_failed_look_separates(self) -> None:
        first, second = (0.0, engine(waiting=1, generated=1)), (5.0, engine(waiting=1, generated=2))
        assert self.found(first, None, second) == (0, 0)

    def test_looks_too_far_apart_are_not_joined(self) -> None:
        assert self.found((0.0, engine(waiting=1)), (15.1, engine(waiting=1, generated=9))) == (0, 0)

    def test_a_new_engine_brings_no_tokens_of_the_past(self) -> None:
        demand = Demand("vllm", longest=15.0)
        demand.observe({("tiny", "0"): engine(waiting=1, generated=5)}, 0.0)
        demand.observe(
            {("tiny", "0"): engine(waiting=1, generated=8), ("tiny", "1"): engine(waiting=1, generated=500)}, 5.0
        )
        assert by_series(demand.samples())['ragpulse_vllm_demand_generation_tokens_total{service="vllm"}'] == 3


class TestTheCanary:
    """What it found, beside the numbers. Findings last as long as a poll here."""

    def judged(self, looks: list[tuple[Engine, str]]) -> list[str]:
        watch = StateWatch()
        return [
            watch.judge({KEY: look}, number * POLL, refusing=False, finding=Finding(number * POLL, reason))
            for number, (look, reason) in enumerate(looks)
        ]

    @pytest.mark.parametrize("reason", ["timeout", "deadline"])
    def test_canaries_that_hang_while_nothing_moves_are_a_stall_though_nothing_runs(self, reason: str) -> None:
        looks = [(engine(generated=7), reason)] * 5
        assert self.judged(looks) == ["serving", "serving", "serving", "stalled", "stalled"]

    def test_one_good_canary_ends_the_stall(self) -> None:
        looks = [(engine(generated=7), "timeout")] * 4 + [(engine(generated=7), "")]
        assert self.judged(looks)[-2:] == ["stalled", "serving"]

    def test_canaries_that_hang_while_tokens_flow_are_no_stall(self) -> None:
        assert set(self.judged([(engine(generated=look), "timeout") for look in range(9)])) == {"serving"}

    @pytest.mark.parametrize("reason", ["http_5xx", "stream_error", "stream_broken", "empty"])
    def test_an_error_in_place_of_tokens_is_a_refusal(self, reason: str) -> None:
        assert self.judged([(engine(), reason)]) == ["refusing"]

    @pytest.mark.parametrize("reason", ["auth", "http_4xx", "wrong_model", "connect", "tls"])
    def test_what_may_be_our_own_mistake_says_nothing_about_the_engine(self, reason: str) -> None:
        assert set(self.judged([(engine(), reason)] * 9)) == {"serving"}

    def test_half_an_hour_of_a_full_engine_that_progresses_is_saturated_and_never_worse(self) -> None:
        looks = [(engine(running=8, waiting=40, generated=look), "saturated") for look in range(360)]
        assert set(self.judged(looks)) == {"saturated"}

    def test_a_day_of_idleness_with_good_canaries_serves(self) -> None:
        assert set(self.judged([(engine(generated=8 * (look // 2)), "") for look in range(17_280)])) == {"serving"}

    def test_a_stall_outweighs_an_error_of_the_canary(self) -> None:
        assert self.judged([(engine(running=2, generated=7), "http_5xx")] * 4)[-1] == "stalled"

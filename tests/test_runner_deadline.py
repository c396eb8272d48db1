"""A run that hangs is cut at its deadline, counted again while it hangs, and forgotten when it comes back."""

from exporters.page import Page
from tests.fakes.running import until
from tests.fakes.sources import CountingSource, FakeSource, Hanging, Make, half_way, run_once, runs, up, value

pytest_plugins = ["tests.fakes.runner_fixtures"]


def test_a_hung_run_counts_as_deadline_at_its_deadline_and_again_for_each_due_run(make: Make, page: Page) -> None:
    hanging = Hanging([up("late")])
    source = CountingSource("stuck", hanging)
    runner = make(source)
    run = runner.due()
    assert run is not None
    hanging.wait_until_entered()
    assert runs(page, "stuck")["deadline"] == 0
    runner.deadline(run)
    assert runs(page, "stuck") == {"ok": 0, "error": 0, "deadline": 1}
    for count in (2, 3):
        assert runner.due() is None
        assert runs(page, "stuck")["deadline"] == count
        assert source.cuts == count
        assert value(page, 'ragpulse_probe_requests_total{service="stuck",check="cut"}') == count
    hanging.released.set()


def test_a_late_result_is_thrown_away_and_the_source_works_again(make: Make, page: Page) -> None:
    hanging = Hanging([up("late")])
    source = FakeSource("stuck", hanging)
    runner = make(source)
    runner.deadline(runner.due() or 0)
    hanging.wait_until_entered()
    hanging.released.set()
    until(lambda: not runner._in_flight, "the late run returned")
    assert runs(page, "stuck") == {"ok": 0, "error": 0, "deadline": 1}
    assert value(page, 'ragpulse_service_up{service="late"}') is None
    source.answer = lambda: [up("fresh")]
    run_once(runner)
    assert runs(page, "stuck") == {"ok": 1, "error": 0, "deadline": 1}
    assert value(page, 'ragpulse_service_up{service="fresh"}') == 1
    assert len(set(source.threads)) == 1


def test_a_late_exception_counts_once_as_deadline(make: Make, page: Page) -> None:
    hanging = Hanging(half_way())
    runner = make(FakeSource("stuck", hanging))
    runner.deadline(runner.due() or 0)
    hanging.released.set()
    until(lambda: not runner._in_flight, "the late run returned")
    assert runs(page, "stuck") == {"ok": 0, "error": 0, "deadline": 1}


def test_a_due_run_within_the_deadline_of_the_one_in_flight_counts_nothing(make: Make, page: Page) -> None:
    hanging = Hanging()
    runner = make(FakeSource("slow", hanging, interval=5.0, timeout=12.0))
    assert runner.due() == 1
    hanging.wait_until_entered()
    assert runner.due() is None
    assert runs(page, "slow") == {"ok": 0, "error": 0, "deadline": 0}
    hanging.released.set()
    until(lambda: runs(page, "slow")["ok"] == 1, "the run finished")


def test_the_deadline_of_a_finished_run_says_nothing_about_the_next(make: Make, page: Page) -> None:
    hanging = Hanging()
    hanging.released.set()
    runner = make(FakeSource("quick", hanging))
    run_once(runner)
    runner.deadline(1)
    hanging.released.clear()
    assert runner.due() == 2
    runner.deadline(1)
    assert runs(page, "quick") == {"ok": 1, "error": 0, "deadline": 0}
    runner.deadline(2)
    runner.deadline(2)
    assert runs(page, "quick") == {"ok": 1, "error": 0, "deadline": 1}
    hanging.released.set()

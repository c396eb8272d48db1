"""What stands beside the verdicts on the Overview page: budgets, causes, states over time, nodes, changes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragpulse import budget
from ragpulse.overview import changes, curves
from ragpulse.overview.chart import chart
from ragpulse.overview.facts import Change, Curve, History, Overview, Stretch
from ragpulse.overview.prometheus_api import Series
from ragpulse.overview.since import LOOK_BACK, Span
from ragpulse.overview.strip import WIDTH, strip
from ragpulse.overview.timeline import timeline
from tests.fakes import mixed_cluster as mixed
from tests.fakes.binaries import each_generation
from tests.fakes.board_panel import assert_shows
from tests.fakes.mixed_cluster import AVAILABLE, NOW, STATE, cluster, component
from tests.fakes.overview_of import changed, overview_of, verdict
from tests.fakes.prometheus_api import RANGE, Answering
from tests.test_overview_page import html

MEASURED = budget.measured(30 * 86400.0)
BURN = budget.burn(3600.0)
HOUR = Span(NOW - 3600, NOW, 60)


def of_budget(left: float, measured: float, burn: float = 0.0, lasts: float = 0.0) -> Callable[[Answering], None]:
    said = {budget.BUDGET_LEFT: left, MEASURED: measured, BURN: burn, budget.EXHAUSTION: lasts}
    return lambda answering: answering.instant.update(
        {name: [(AVAILABLE["memory"], value)] for name, value in said.items()}
    )


@pytest.mark.parametrize(
    ("recorded", "words", "look"),
    [
        ((0.8, 1.0), "80 % left of 30 d", ""),
        ((0.8, 0.9, 0.5, 4e6), "80 % left of 30 d; burns 0.5 times as fast as allowed; spent in 46 d 7 h", ""),
        ((0.2, 1.0, 14.6), "20 % left of 30 d; burns 15 times as fast as allowed", "low"),
        ((-0.5, 1.0), "spent 1.5 times over", "spent"),
        ((-9.0, 0.4), "learning: 40 % of 30 d measured", "learning"),
    ],
)
def test_what_is_left_of_a_budget_is_a_bar_and_a_sentence(recorded: tuple[float, ...], words: str, look: str) -> None:
    found = changed(of_budget(*recorded))
    left = verdict(found, "availability", "memory").budget
    assert left is not None
    assert left.words.startswith(words)
    assert re.search(
        rf'<svg class="bar {look}" [^>]*>\s*<rect class="whole"[^>]*><rect class="left" width="', html(found)
    )


def test_throughput_shows_the_budget_that_is_counted_by_the_share_of_demand_time() -> None:
    in_demand = mixed.objective("throughput", "vllm", "demand")
    recorded: dict[str, list[Any]] = {
        budget.BUDGET_LEFT: [(in_demand, 0.4)],
        MEASURED: [(in_demand, 1)],
        BURN: [(in_demand, 0)],
    }
    found = verdict(changed(lambda answering: answering.instant.update(recorded)), "throughput", "vllm").budget
    assert found is not None
    assert found.words == "40 % left of 30 d"


def test_an_objective_of_which_no_budget_is_recorded_says_so() -> None:
    found = changed(of_budget(1.0, 1.0))
    assert verdict(found, "availability", "chroma").budget is None
    assert "no budget recorded" in html(found)


def test_a_missed_verdict_names_the_deepest_component_that_is_broken() -> None:
    def alpha_is_down(answering: Answering) -> None:
        answering.instant[mixed.AGENTS] = [({"node": "alpha"}, 0), ({"node": "beta"}, 1)]
        answering.instant[STATE] = [(component("alpha", "node"), 1), (component("chroma"), 1)]

    why = verdict(changed(alpha_is_down), "availability", "chroma").cause
    assert why == "alpha is down: its agent does not answer: the node, its network or the agent is down"
    own = verdict(changed(), "availability", "chroma").cause
    assert own.startswith("chroma is degraded: probes `query`, `ready` from beta fail: auth")
    assert verdict(changed(), "availability", "memory").cause == ""


def test_a_fault_that_has_just_ended_still_explains_a_miss() -> None:
    def well_again(answering: Answering) -> None:
        answering.instant[STATE] = [(component("chroma"), 3)]
        answering.instant[mixed.FAILURES] = []
        answering.over[STATE] = [(component("chroma"), [(mixed.BEGIN, 3), (NOW - 200, 1), (NOW - 40, 3)])]

    assert verdict(changed(well_again), "availability", "chroma").cause == "chroma was down until 40 s ago"


def test_an_alert_about_what_is_needed_explains_a_miss_and_one_about_the_target_does_not() -> None:
    def only_alerts(*names: str) -> Callable[[Answering], None]:
        def change(answering: Answering) -> None:
            answering.instant[STATE], answering.over[STATE] = [(component("chroma"), 3)], []
            answering.alert_rules = [
                mixed.alert_rule(name, "x", mixed.alert("ticket", "chroma", "its log is long.", "1")) for name in names
            ]

        return change

    target = "ResponseTimeBelowTarget"
    told = changed(only_alerts(target, "ChromaWalBacklog"))
    assert verdict(told, "availability", "chroma").cause == "ChromaWalBacklog: its log is long."
    for no_cause in (target, "NodeClockUnsynchronised"):
        untold = changed(only_alerts(no_cause))
        assert verdict(untold, "availability", "chroma").cause == "nothing that it needs is known to be broken"


def test_states_become_stretches_and_what_nobody_recorded_is_unknown_and_nothing_is_said_of_before() -> None:
    times = [float(time) for time in range(0, 100, 10)]
    values = {30.0: 3.0, 40.0: 3.0, 50.0: 1.0, 80.0: 2.0, 90.0: 2.0}
    assert timeline(times, values, 20.0) == (
        Stretch(20, 30, "unknown"), Stretch(30, 50, "up"), Stretch(50, 60, "down"),
        Stretch(60, 80, "unknown"), Stretch(80, 90, "degraded"),
    )  # fmt: skip
    assert timeline(times, values, None) == ()


def test_a_short_fault_is_still_seen_on_the_strip_and_lies_on_top() -> None:
    found = strip((Stretch(0, 20000, "up"), Stretch(20000, 20005, "down"), Stretch(20005, 21600, "up")), str, LOOK_BACK)
    assert found is not None
    assert [state for state, _ in found.paths] == ["up", "down"]
    assert found.paths[-1][1] == f"M{20000 / 21600 * WIDTH:.1f},5h1.5"
    assert found.words == "last 6 h: down 20000 to 20005"
    assert strip((), str, LOOK_BACK) is None


def line(node: str, *points: tuple[float, float]) -> Series:
    return Series({"node": node}, points)


def test_nodes_stand_on_one_axis_in_the_order_of_the_file_and_of_many_only_the_busiest() -> None:
    measure = curves.MEASURES[0]
    few = curves.curves({measure: [line("b", (NOW, 0.5)), line("a", (NOW, 0.25))]}, HOUR, ("a", "b"))
    assert [name for name, _ in few[0].lines] == ["a", "b"]
    names = tuple(f"n{index:03}" for index in range(200))
    many = curves.curves({measure: [line(name, (NOW, index / 200)) for index, name in enumerate(names)]}, HOUR, names)
    assert [name for name, _ in many[0].lines] == list(names[-curves.DRAWN :])
    assert many[0].meaning.endswith("the 6 busiest of 200 nodes")
    assert curves.curves({measure: []}, HOUR, names) == ()


ETHERNET, PORT = 'interface="roce0",tier="fast"', 'port="mlx5_0/1",tier="fast"'
LINKS = {
    f"ragpulse_network_received_bytes_total{{{ETHERNET}": "0+100x60",
    f"ragpulse_network_sent_bytes_total{{{ETHERNET}": "0+300x60",
    f"ragpulse_network_link_speed_bytes_per_second{{{ETHERNET}": "100x60",
    f"ragpulse_rdma_sent_bytes_total{{{PORT}": "0+100x60",
    f"ragpulse_rdma_speed_bytes_per_second{{{PORT}": "100x60",
}
RDMA_RECEIVED = f"ragpulse_rdma_received_bytes_total{{{PORT}"


@each_generation
@pytest.mark.parametrize(
    ("received", "busiest"),
    [
        pytest.param("0+600x60", 0.6, id="RDMA is busier than its interface"),
        pytest.param("0+200x60", 0.3, id="the interface is busier"),
    ],
)
def test_the_busiest_link_is_an_interface_or_a_port_of_rdma(
    received: str, busiest: float, generation: int, tmp_path: Path
) -> None:
    (measure,) = (each for each in curves.MEASURES if each.title == "Busiest link")
    assert_shows(
        measure.expression(60), {'{node="a"}': busiest}, LINKS | {RDMA_RECEIVED: received}, generation, tmp_path
    )


def test_a_chart_says_what_each_node_is_at_now_and_that_an_old_value_is_not_now() -> None:
    lines = (("a", History(0, 3600, 60, ((3540, 0.5), (3600, 1.2)))), ("b", History(0, 3600, 60, ((60, 0.5),))))
    drawn = chart(Curve("GPUs busy", "", lines))
    assert [(each.name, each.now) for each in drawn.lines] == [("a", "120 %"), ("b", "unknown")]
    assert drawn.lines[0].path == f"M314.7,{drawn.grid[1]:g}L320,{drawn.grid[2]:g}"
    assert drawn.words == "GPUs busy, last hour; now: a 120 %, b unknown"


def test_moments_of_the_last_day_are_changes_and_older_ones_are_not() -> None:
    def said(at: float) -> Any:
        boot = {"ragpulse_node_boot_time_seconds": [({"node": "beta"}, at)], mixed.BACKUPS: []}
        return lambda answering: answering.instant.update(boot)

    assert changed(said(NOW - 600)).beside.changes == (Change(NOW - 600, "beta", "booted"),)
    assert changed(said(NOW - 90000)).beside.changes == ()


def test_another_value_of_a_version_is_a_change_and_two_that_stand_side_by_side_are_none() -> None:
    info = "ragpulse_vllm_info"

    def versions(*first: tuple[str, float]) -> Overview:
        told: list[Any] = [({"service": "vllm", "version": version}, [(at, 1)]) for version, at in first]

        def change(answering: Answering) -> None:
            answering.over[info], answering.instant[mixed.BACKUPS] = told, []

        return changed(change)

    (change,) = versions(("0.31", NOW - 86400), ("0.32", NOW - 900)).beside.changes
    assert (change.component, change.what) == ("vllm", "version 0.31 → 0.32")
    assert 0 <= change.at - (NOW - 900) <= 300
    assert versions(("0.31", NOW - 86400), ("0.32", NOW - 86400)).beside.changes == ()


def test_what_two_agents_tell_of_one_service_is_told_once_and_the_newest_comes_first() -> None:
    many = [Change(float(at), "a", "booted") for at in range(20)] + [Change(19.2, "a", "booted")]
    newest = changes.newest(many)
    assert [change.at for change in newest] == [float(at) for at in range(19, 19 - changes.SHOWN, -1)]


def test_what_stands_beside_costs_no_verdict_when_prometheus_does_not_tell_it() -> None:
    def no_ranges_of_a_day(answering: Answering) -> None:
        answering.refused = ("ragpulse_build_info",)

    found = changed(no_ranges_of_a_day)
    assert found.problem == ""
    assert verdict(found, "availability", "memory").state == "met"
    assert found.beside.unknown.startswith("Prometheus cannot be asked: ")
    assert "Nodes and changes" in html(found)


def test_everything_unknown_is_said_once_where_prometheus_answers_nothing() -> None:
    answering = mixed.mixed()
    answering.broken = {RANGE: (503, b"")}
    assert overview_of(answering, of=cluster()).beside.unknown

"""What is served and how it changes; how long it takes to load; which process it is."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporters import vllm_process
from exporters.clocks import since_boot
from exporters.vllm_changes import Changes, Layout, Life, Model, Served
from exporters.vllm_loading import Loading
from ragpulse.catalogue.vllm import CHANGE_KINDS
from tests.fakes.clocks import Standing
from tests.fakes.readings import by_series
from tests.fakes.vllm_process import starting_vllm

TINY = Model("tiny", "/models/tiny", "512")
KEY = ("tiny", "0")
LAYOUT = Layout(1, 40 * 32.0)
SERVED = Served("0.32.0", (TINY,), LAYOUT, Life(1.7e9, {KEY: 900.0}))


def counted(*looks: Served) -> dict[str, float]:
    changes = Changes("vllm")
    for look in looks:
        changes.observe(look)
    found = {series.split('what="')[1].rstrip('"}'): count for series, count in by_series(changes.samples()).items()}
    assert set(found) == set(CHANGE_KINDS), "each from 0"
    return {what: count for what, count in found.items() if count}


def test_what_is_first_seen_is_no_change_and_what_is_not_seen_is_none_either() -> None:
    assert counted(Served(), SERVED, Served(), SERVED) == {}


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        pytest.param(Served(version="0.33.0"), "version", id="another version"),
        pytest.param(Served(models=(Model("other", "/models/tiny", "1024"),)), "model", id="another name"),
        pytest.param(Served(models=(Model("tiny", "/models/new", "512"),)), "model", id="other weights, same name"),
        pytest.param(Served(models=(TINY, Model("adapter", "", ""))), "model", id="an adapter, which is no context"),
        pytest.param(Served(models=(Model("tiny", "/models/tiny", "1024"),)), "context", id="a longer context"),
        pytest.param(Served(layout=Layout(2, 2 * LAYOUT.cache_tokens)), "layout", id="data parallel"),
        pytest.param(Served(layout=Layout(1, 0.7 * LAYOUT.cache_tokens)), "layout", id="a much smaller cache"),
        pytest.param(Served(life=Life(1.8e9, {KEY: 1000.0})), "restart", id="another start of the process"),
        pytest.param(Served(life=Life(None, {KEY: 3.0})), "restart", id="counters that fell, where no start is said"),
    ],
)
def test_each_change_counts_once_under_its_name(changed: Served, what: str) -> None:
    assert counted(SERVED, changed, changed) == {what: 1}


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(Served(models=(TINY, TINY)), id="a model said twice"),
        pytest.param(Served(layout=Layout(1, 1.02 * LAYOUT.cache_tokens)), id="a cache that was measured anew"),
        pytest.param(Served(life=Life(1.7e9, {KEY: 3.0})), id="counters that fell in the same process"),
        pytest.param(Served(life=Life(None, {("tiny", "1"): 3.0})), id="another engine that begins"),
    ],
)
def test_what_only_looks_like_a_change_is_none(same: Served) -> None:
    assert counted(SERVED, same) == {}


@dataclass
class Server:
    """What can be seen of it from outside, while time passes."""

    clock: Standing = field(default_factory=Standing)
    process: float | None = None  # seconds since boot

    def __post_init__(self) -> None:
        self.loading = Loading("vllm", lambda: self.process, self.clock.clocks)

    def starts(self) -> float:
        """When, as its own page will say it."""
        self.process = self.clock.clocks.since_boot()
        return self.clock.wall()

    def absent(self, seconds: float) -> list[float]:
        found = [sample.value for sample in self.loading.absent()]
        self.clock.live(seconds)
        return found

    def answers(self, seconds: float, started: float | None = None) -> list[float]:
        found = [sample.value for sample in self.loading.answers(started)]
        self.clock.live(seconds)
        return found


class TestLoading:
    def test_it_is_told_while_it_lasts_and_afterwards(self) -> None:
        server = Server()
        server.starts()
        assert [server.absent(30), server.absent(30)] == [[0], [30]]
        assert [server.answers(1000), server.answers(5)] == [[60], [60]]

    def test_a_server_that_does_not_run_is_not_loading(self) -> None:
        server = Server()
        assert server.absent(5) == []
        assert server.answers(5) == [], "nor is anything known of how it came up"

    def test_a_process_on_its_way_out_is_not_loading(self) -> None:
        server = Server()
        server.starts()
        server.clock.live(60)
        server.answers(5)
        assert server.absent(5) == []

    def test_the_process_that_takes_its_place_is(self) -> None:
        server = Server()
        server.starts()
        server.clock.live(60)
        server.answers(5)
        server.starts()
        server.clock.live(3)
        assert server.absent(7) == [3]
        assert server.answers(5) == [10]

    def test_where_no_process_is_seen_the_page_tells_afterwards(self) -> None:
        server = Server()
        server.answers(5, started=server.clock.wall() - 9000)
        server.absent(5)
        started = server.clock.wall()
        server.absent(40)
        assert server.answers(5, started) == [40]

    @pytest.mark.parametrize("was_seen_before", [True, False])
    def test_a_server_that_only_could_not_be_reached_was_not_loading(self, was_seen_before: bool) -> None:  # noqa: FBT001
        server = Server()
        started = server.clock.wall() - 9000
        if was_seen_before:
            server.answers(5, started)
        server.absent(60)
        assert server.answers(5, started) == []

    def test_a_clock_that_is_set_makes_it_neither_longer_nor_shorter(self) -> None:
        server = Server()
        server.starts()
        server.absent(30)
        server.clock.set_wall(-7200)
        assert server.absent(30) == [30]
        assert server.answers(5) == [60]

    def test_an_agent_that_meets_a_server_which_serves_tells_nothing(self) -> None:
        assert Server().answers(5, started=1.0) == []


class TestProcess:
    @pytest.mark.parametrize(
        ("command", "port"),
        [
            (["python3", "-m", "vllm.entrypoints.openai.api_server", "--model", "m"], 8000),
            (["/opt/venv/bin/python", "/opt/venv/bin/vllm", "serve", "m", "--port", "9000"], 9000),
            (["vllm", "serve", "m", "--port=9000"], 9000),
            (["bash", "-c", "exec vllm serve m --port 9000"], 9000),
        ],
        ids=["module", "script", "equals", "shell"],
    )
    def test_a_server_is_known_by_its_command_and_port(self, command: list[str], port: int) -> None:
        assert vllm_process.serves(command, port)
        assert not vllm_process.serves(command, port + 1)

    @pytest.mark.parametrize(
        "command",
        ["vim vllm.py", "grep vllm", "python -m myvllm.entrypoints.x", "", "vllm serve m --port x",
         "vllm serve m --port", "vllm bench serve"],
    )  # fmt: skip
    def test_what_only_looks_like_one_is_none(self, command: str) -> None:
        assert not vllm_process.serves(command.split(), 8000)

    def test_the_newest_counts_and_what_cannot_be_read_does_not(self, tmp_path: Path) -> None:
        def process(pid: str, command: str, stat: str) -> None:
            (tmp_path / pid).mkdir()
            (tmp_path / pid / "cmdline").write_bytes(command.replace(" ", "\0").encode() + b"\0")
            (tmp_path / pid / "stat").write_text(stat)

        ticks = os.sysconf("SC_CLK_TCK")
        begun = " ".join(["S", *["0"] * 18])
        process("7", "vllm serve m", f"7 (vllm) (odd) {begun} {100 * ticks} 0")
        process("8", "vllm serve m", f"8 (vllm) {begun} {250 * ticks} 0")
        process("9", "vllm serve m", "9 (vllm) S 1")
        process("10", "x" * 100_000 + " vllm serve m", f"10 (x) {begun} {900 * ticks} 0")
        (tmp_path / "11").mkdir()
        (tmp_path / "self").mkdir()
        assert vllm_process.started("http://127.0.0.1:8000", tmp_path) == 250
        assert vllm_process.started("http://127.0.0.1", tmp_path) is None, "port 80"

    def test_a_running_one_is_found_with_its_start(self, tmp_path: Path) -> None:
        before = since_boot()
        with starting_vllm(tmp_path, 18765):
            assert before - 1 < (vllm_process.started("http://127.0.0.1:18765") or 0) <= since_boot()
            assert vllm_process.started("http://127.0.0.1:18766") is None
        assert vllm_process.started("http://127.0.0.1:18765") is None

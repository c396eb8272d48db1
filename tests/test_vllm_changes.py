"""What is served and how it changes; how long it takes to load; which process it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from exporters import vllm_process
from exporters.vllm_changes import MAX_MODELS, Changes, Model, Served, model_info
from exporters.vllm_loading import Loading
from tests.fakes.readings import by_series
from tests.fakes.running import until

SERVED = Served("0.32.0", (Model("tiny", "/models/tiny", "512"),), (1, ("0", (40.0, 32.0))), 1.7e9)


def counted(*looks: Served) -> dict[str, float]:
    changes = Changes("vllm")
    for look in looks:
        changes.observe(look)
    return {
        series.split('what="')[1].rstrip('"}'): count for series, count in by_series(changes.samples()).items() if count
    }


def test_what_is_first_seen_is_no_change_and_what_is_not_seen_is_none_either() -> None:
    assert counted(Served(), SERVED, Served(), SERVED) == {}


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (Served(version="0.33.0"), "version"),
        (Served(models=(Model("other", "/models/tiny", "512"),)), "model"),
        (Served(models=(Model("tiny", "/models/tiny", "1024"),)), "context"),
        (Served(layout=(2,)), "layout"),
        (Served(started=1.8e9), "restart"),
    ],
)
def test_each_change_counts_once_under_its_name(changed: Served, what: str) -> None:
    assert counted(SERVED, changed, changed) == {what: 1}


def test_models_without_end_are_shown_as_far_as_the_limit() -> None:
    models = tuple(Model(str(number), "", "") for number in range(10_000))
    assert len(list(model_info("vllm", models))) == MAX_MODELS


class TestLoading:
    def test_it_is_told_while_it_lasts_and_afterwards(self) -> None:
        now = 1000.0
        loading = Loading("vllm", lambda: 900.0, lambda: now)
        assert [sample.value for sample in loading.refused()] == [100.0]
        now = 1060.0
        assert [sample.value for sample in loading.answers()] == [160.0]
        now = 5000.0
        assert [sample.value for sample in loading.answers()] == [160.0]

    def test_nothing_is_told_of_a_server_that_was_never_seen_to_load(self) -> None:
        loading = Loading("vllm", lambda: None)
        assert not list(loading.refused())
        assert not list(loading.answers())


class TestProcess:
    @pytest.mark.parametrize(
        ("command", "port"),
        [
            ("python3 -m vllm.entrypoints.openai.api_server --model m", 8000),
            ("/opt/venv/bin/python /opt/venv/bin/vllm serve m --port 9000", 9000),
            ("vllm serve m --port=9000", 9000),
        ],
    )
    def test_a_server_is_known_by_its_command_and_port(self, command: str, port: int) -> None:
        assert vllm_process.serves(command.split(), port)
        assert not vllm_process.serves(command.split(), port + 1)

    @pytest.mark.parametrize(
        "command", ["vim vllm.py", "grep vllm", "python -m myvllm.entrypoints.x", "", "vllm serve m --port x"]
    )
    def test_what_only_looks_like_one_is_none(self, command: str) -> None:
        assert not vllm_process.serves(command.split(), 8000)

    def test_a_running_one_is_found_with_its_start(self, tmp_path: Path) -> None:
        module = tmp_path / "vllm" / "entrypoints"
        module.mkdir(parents=True)
        (module / "api.py").write_text("import sys; sys.stdin.read()")
        command = [sys.executable, "-m", "vllm.entrypoints.api", "--port", "18765"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=tmp_path, env={**os.environ, "PYTHONPATH": "."}):
            until(lambda: vllm_process.started("http://127.0.0.1:18765") is not None, "it runs")
            assert vllm_process.started("http://127.0.0.1:18766") is None
        assert vllm_process.started("http://127.0.0.1:18765") is None

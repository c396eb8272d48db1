"""Generated files are judged by the real promtool and amtool of each generation before anything is started."""

from dataclasses import replace
from pathlib import Path

import pytest

from ragpulse.stack.binaries import Binaries
from ragpulse.stack.bring_up import bring_up
from ragpulse.stack.config_in_use import RefusedError, stage
from ragpulse.stack.state import State
from ragpulse.stack.stop import stop
from ragpulse.stack.telling import Telling
from tests.fakes.binaries import binary, each_generation
from tests.fakes.running import free_ports
from tests.fakes.small_processes import server, wanted

GOOD_FILES = {
    "prometheus/prometheus.yml": "global: {scrape_interval: 5s}\nrule_files: [rules/*.yml]\n",
    "prometheus/rules/one.yml": "groups: [{name: one, rules: [{record: 'one', expr: vector(1)}]}]\n",
    "alertmanager/alertmanager.yml": "route: {receiver: desk}\nreceivers: [{name: desk}]\n",
}


def real_binaries(generation: int) -> Binaries:
    return Binaries(*(binary(name, generation) for name in ("prometheus", "promtool", "alertmanager", "amtool")))


@each_generation
def test_good_files_are_taken_whole(tmp_path: Path, generation: int) -> None:
    state = State(tmp_path / "state")
    (state.config / "prometheus").mkdir(parents=True)
    (state.config / "prometheus" / "of-an-earlier-run.yml").touch()
    [port] = free_ports(1)
    plan = replace(wanted(server("web", port)), files=GOOD_FILES, binaries=real_binaries(generation))
    try:
        bring_up(state, plan, Telling())
        found = {str(file.relative_to(state.config)) for file in state.config.rglob("*") if file.is_file()}
        assert found == set(GOOD_FILES)
        assert not state.config.with_name("config.new").exists()
    finally:
        stop(state)


@each_generation
@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("prometheus/prometheus.yml", "global: {scrape_intervall: 5s}\n", r"promtool refuses .*scrape_intervall"),
        (
            "prometheus/rules/one.yml",
            "groups: [{name: a, rules: [{record: b, expr: 'sum('}]}]\n",
            "promtool refuses .*unclosed left parenthesis",
        ),
        ("alertmanager/alertmanager.yml", "route: {receiver: nobody}\n", "amtool refuses .*nobody"),
    ],
    ids=["an unknown key of Prometheus", "a broken rule", "a route to nobody"],
)
def test_refused_files_are_one_line_with_the_judges_words(
    tmp_path: Path, generation: int, file: str, content: str, words: str
) -> None:
    with pytest.raises(RefusedError, match=words) as caught:
        stage({**GOOD_FILES, file: content}, tmp_path / "config", real_binaries(generation))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "config").exists()

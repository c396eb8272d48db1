"""The commands of a served runbook can be pasted: nothing in them is left open but what the reader chooses."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from ragpulse.overview import runbooks
from ragpulse.overview.runbook_words import Words
from ragpulse.overview.server import application
from tests.fakes import loopback
from tests.fakes import mixed_cluster as mixed
from tests.fakes.asgi_server import served

CLUSTER = mixed.cluster(mixed.CLUSTER.replace("{address: 127.0.0.2}", "{address: '::1', port: 28004}"))
EVERYTHING = {"service": "chroma", "node": "beta", "backup": "nightly"}
BIN = Path(sys.executable).parent
IN_CAPITALS = re.compile(r"\b[A-Z][A-Z_]+\b")
FILLED_IN = re.compile(r"\b(?:PROMETHEUS|ALERTMANAGER|STATE|BIN|PROMTOOL|AMTOOL|AGENTS)\b")
CHOSEN = re.compile(r"\b(?:SERVICE|NODE|BACKUP)\b")
each_runbook = pytest.mark.parametrize("name", sorted(runbooks.names(runbooks.folder())))


def filled(text: str, asked: Mapping[str, str] | None = None, environment: Mapping[str, str] | None = None) -> str:
    words = Words(
        CLUSTER, prometheus="http://127.0.0.1:28002/", alertmanager="http://127.0.0.1:28003",
        environment=environment or {},
    )  # fmt: skip
    return words.fill(text, words.subjects(text, asked or {}))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server with the real runbooks; nobody answers it, which a runbook does not need."""
    nobody = "http://127.0.0.1:9"
    with served(application(CLUSTER, prometheus=nobody, alertmanager=nobody, notifications=None)) as url:
        yield url


def page(url: str, name: str, asked: Mapping[str, str]) -> str:
    answer = loopback.get(f"{url}/runbooks/{name}?{urlencode(asked)}", timeout=10)
    assert answer.status_code == 200
    return answer.text


def commands(page: str) -> list[str]:
    return [unescape(block) for block in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)]


@each_runbook
def test_every_word_in_capitals_in_a_command_is_one_that_the_readme_explains(name: str) -> None:
    explained = set(IN_CAPITALS.findall((runbooks.folder() / "README.md").read_text()))
    used = set(IN_CAPITALS.findall(" ".join(commands(runbooks.html(runbooks.read(runbooks.folder(), name) or "")))))
    assert used <= explained
    assert all(FILLED_IN.fullmatch(word) or CHOSEN.fullmatch(word) for word in used)


@each_runbook
def test_the_commands_of_a_served_runbook_are_whole_and_the_shell_can_read_them(url: str, name: str) -> None:
    for command in commands(page(url, name, EVERYTHING)):
        assert not FILLED_IN.search(command)
        assert not CHOSEN.search(command)
        subprocess.run(["sh", "-n", "-c", command], check=True)


@each_runbook
def test_what_is_not_chosen_yet_is_all_that_is_left_open_and_the_page_offers_it(url: str, name: str) -> None:
    text = page(url, name, {})
    left = set(CHOSEN.findall(" ".join(commands(text))))
    assert not FILLED_IN.search(" ".join(commands(text)))
    for word in left:
        assert f"Choose what stands for {word} in the commands:" in text
    assert (f'href="/runbooks/{name}?service=memory">' in text) == ("SERVICE" in left)
    assert (f'href="/runbooks/{name}?node=beta">' in text) == ("NODE" in left)
    assert (f'href="/runbooks/{name}?backup=nightly">' in text) == ("BACKUP" in left)


@each_runbook
def test_a_program_of_ours_is_called_where_it_lies(url: str, name: str) -> None:
    for command in commands(page(url, name, EVERYTHING)):
        if "ragpulse status" in command:
            program, *_ = shlex.split(command)
            assert program == str(BIN / "ragpulse")
            assert shutil.which(program)


def test_the_page_says_what_its_commands_are_for_and_offers_the_others(url: str) -> None:
    text = page(url, "ServiceDown", {"service": "chroma"})
    assert "The commands are for <strong>chroma</strong>; for another:" in text
    assert 'href="/runbooks/ServiceDown?service=memory"' in text
    assert "?service=chroma" not in text
    assert "?service=swarm" not in text, "no alert speaks of what is not watched"
    assert "component=chroma" in text


@pytest.mark.parametrize("asked", ["absent", "chroma;reboot", "$(reboot)", "<script>", "CHROMA", ""])
def test_only_names_of_this_cluster_are_filled_in(url: str, asked: str) -> None:
    text = page(url, "ServiceDown", {"service": asked})
    assert "component=SERVICE" in text
    assert "Choose what stands for SERVICE" in text
    assert not asked or asked not in text.split("</style>")[1]


def test_base_urls_have_no_slash_at_their_end() -> None:
    assert filled("PROMETHEUS/x ALERTMANAGER") == "http://127.0.0.1:28002/x http://127.0.0.1:28003"


def test_the_state_folder_is_that_of_the_stack_that_runs_this_page_else_the_usual_one() -> None:
    assert filled("STATE/logs", environment={"RAGPULSE_STATE_DIR": "/srv/state"}) == "/srv/state/logs"
    assert filled("STATE/logs") == ".ragpulse/logs"


def test_a_folder_with_a_space_remains_one_word_for_the_shell() -> None:
    command = f"printf %s {filled('STATE/logs', environment={'RAGPULSE_STATE_DIR': '/srv/my $state'})}"
    said = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True)
    assert said.stdout == "/srv/my $state/logs"


def test_the_agents_are_those_of_the_chosen_node_or_all_of_the_cluster() -> None:
    assert filled("AGENTS NODE", {"node": "alpha"}) == "http://127.0.0.1:9477 alpha"
    assert filled("AGENTS NODE") == "http://127.0.0.1:9477 'http://[::1]:28004' NODE"


def test_tools_are_taken_from_where_the_stack_looks_for_them_the_named_folders_first(tmp_path: Path) -> None:
    for folder in ("named", "usual"):
        (tmp_path / folder).mkdir()
        tool = tmp_path / folder / "amtool"
        tool.write_text("#!/bin/sh\n")
        tool.chmod(0o700)
    places = {"RAGPULSE_BIN": str(tmp_path / "named"), "PATH": str(tmp_path / "usual")}
    assert filled("AMTOOL", environment=places) == str(tmp_path / "named" / "amtool")
    del places["RAGPULSE_BIN"]
    assert filled("AMTOOL PROMTOOL", environment=places) == f"{tmp_path / 'usual' / 'amtool'} promtool"


def test_only_whole_words_are_replaced() -> None:
    text = "STATES BINARY NODE_ADDRESS nodes SERVICES"
    assert filled(text, EVERYTHING) == text

"""The command line: lazy verbs, a clear line for each mistake, the right exit status, a real agent."""

import errno
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ragpulse import __main__, __version__
from ragpulse.commands import app
from ragpulse.errors import ConfigError, Problem, RagpulseError
from tests.fakes import loopback
from tests.fakes.running import free_ports, until

ROOT = Path(__file__).parent.parent
CLUSTER = "cluster: c\nnodes:\n  alpha: {{address: 127.0.0.1, port: {port}}}\n  beta: {{address: 127.0.0.2}}\n"


def ragpulse(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ragpulse", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    [port] = free_ports(1)
    file = tmp_path / "cluster.yaml"
    file.write_text(CLUSTER.format(port=port))
    return file


def run_main(monkeypatch: pytest.MonkeyPatch, verb: Callable[[], None]) -> int:
    """The exit status of the command line when its verb does this."""
    monkeypatch.setattr(sys, "argv", ["ragpulse", "up"])
    monkeypatch.setattr(app, "main", lambda _: verb())
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    return int(ended.value.code or 0)


def test_help_lists_every_verb_and_imports_none() -> None:
    code = (
        "import sys\nfrom ragpulse.__main__ import main\n"
        "try: main()\n"
        "finally: print('IMPORTED', *(n for n in sys.modules if n.startswith('ragpulse.commands.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    shown, _, imported = done.stdout.partition("IMPORTED")
    assert imported.split() == ["ragpulse.commands.app"]
    for verb in app.VERBS:
        assert f" {verb.name} " in shown
        assert verb.help in shown
    assert app.AGENT_HELP in shown


@pytest.mark.parametrize("verb", app.VERBS, ids=lambda verb: verb.name)
def test_every_verb_of_the_table_exists(verb: app.Verb, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app.main([verb.name, "--help"])
    assert ended.value.code == 0
    assert f"Usage: ragpulse {verb.name}" in capsys.readouterr().out


def test_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"ragpulse {__version__}\n"


@pytest.mark.parametrize("arguments", [["nonsense"], ["status", "--nonsense"], ["--", "agent"], []], ids=" ".join)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app.main(arguments)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RagpulseError("the world is not well"), 1),
        (ConfigError("c.yaml", [Problem("nodes", "is missing", 3), Problem("x", "unknown key", 7)]), 2),
    ],
    ids=["the world", "the configuration"],
)
def test_an_error_for_people_is_its_own_text_and_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: RagpulseError, status: int
) -> None:
    def verb() -> None:
        raise error

    assert run_main(monkeypatch, verb) == status
    assert capsys.readouterr().err == f"{error}\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/srv/file"), "/srv/file: No space left on device\n"),
        (OSError(errno.ENOSPC, "No space left on device"), "ragpulse: No space left on device\n"),
        (OSError("/srv/file: only part was written"), "ragpulse: /srv/file: only part was written\n"),
    ],
    ids=["of a file", "of no file", "of our own words"],
)
def test_what_the_system_refuses_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: OSError, said: str
) -> None:
    def verb() -> None:
        raise error

    assert run_main(monkeypatch, verb) == 1
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["up", "--state", "/dev/null/x"], "/dev/null/x/run: Not a directory: name a folder .* with --state"),
        (
            ["generate", "--config", "cluster.example.yaml", "--out", "/proc/x"],
            "/proc/x: No such file or directory: name a folder .* with --out",
        ),
    ],
    ids=["a state folder", "a folder to write into"],
)
def test_a_folder_that_cannot_be_made_is_one_line(arguments: list[str], said: str) -> None:
    done = ragpulse(*arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert re.match(said, done.stderr)


def test_an_interrupt_ends_with_130_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def verb() -> None:
        raise KeyboardInterrupt

    assert run_main(monkeypatch, verb) == 130
    assert capsys.readouterr().err == ""


def test_an_unknown_node_is_one_line_with_file_and_mend(config: Path) -> None:
    done = ragpulse("agent", "--config", str(config), "--node", "alfa")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{config}: nodes: has no node 'alfa' (--node); did you mean alpha?\n"


@pytest.mark.parametrize(
    "place", ["9477", "127.0.0.1", ":1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:-1", "127.0.0.1:²"]
)
def test_a_listen_option_that_is_no_address_and_port_is_refused(config: Path, place: str) -> None:
    done = ragpulse("agent", "--config", str(config), "--node", "alpha", f"--listen={place}")
    assert done.returncode == 2
    assert f"{place!r} is not ADDR:PORT; write it like 127.0.0.1:9477" in done.stderr


@pytest.mark.parametrize("way", ["the cluster file", "--listen"])
def test_a_busy_port_is_one_line_with_address_and_setting(config: Path, way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config.write_text(CLUSTER.format(port=port))
        option = ("--listen", f"127.0.0.1:{port}") if way == "--listen" else ()
        done = ragpulse("agent", "--config", str(config), "--node", "alpha", *option)
    assert (done.returncode, done.stdout) == (2, "")
    setting = "--listen" if option else "nodes.alpha.port"
    assert done.stderr == (
        f"the agent cannot listen on 127.0.0.1:{port}: another process listens there already; change {setting}\n"
    )


def test_an_agent_serves_its_node_from_the_cluster_file_until_it_is_told_to_end(config: Path, tmp_path: Path) -> None:
    log = tmp_path / "agent.log"
    command = [sys.executable, "-m", "ragpulse", "agent", "--config", str(config), "--node", "alpha"]
    with log.open("wb") as stderr:
        process = subprocess.Popen([*command, "--listen", "127.0.0.1:0"], cwd=ROOT, stderr=stderr)
    try:
        until(lambda: re.search(r"listen=(\S+)\n", log.read_text()) or process.poll() is not None, "the agent listens")
        found = re.search(r"node=alpha version=\S+ sources=\d+ listen=(\S+)\n", log.read_text())
        assert found, log.read_text()
        url = f"http://{found[1]}"
        until(lambda: loopback.get(f"{url}/readyz").is_success, "every source had its first run")
        text = loopback.get(f"{url}/metrics").text
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait(10)
    assert f'ragpulse_build_info{{version="{__version__}"}} 1.0' in text
    assert "ragpulse_node_memory_total_bytes" in text
    assert re.search(r'ragpulse_source_runs_total{source="[^"]+",result="ok"} [1-9]', text)
    assert "Traceback" not in log.read_text()

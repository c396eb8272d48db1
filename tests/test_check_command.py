"""`ragpulse check --static`: a table, exit status 0 or 2, and no connection to anything."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ragpulse import cluster_file
from ragpulse.commands import generate
from tests.fakes.binaries import binary

FILE = """\
cluster: desk
nodes:
  alpha: {{address: 127.0.0.1}}
  beta: {{address: 127.0.0.2}}
services:
  chroma: {{kind: chroma, nodes: [alpha], url: 'http://127.0.0.1:8001', token_file: {folder}/token}}
notify:
  receivers: {{desk: {{kind: webhook, url: 'http://127.0.0.1:9479/'}}}}
  page: [desk]
"""
# Ends the process at the first socket, name look-up or connection that Python code of it asks for.
NO_SOCKETS = """
import sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"{event} {arguments}")
sys.addaudithook(refuse)
from ragpulse.__main__ import main
main()
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a cluster file and the secret that it names."""
    (tmp_path / "token").write_text("sesame\n")
    (tmp_path / "token").chmod(0o600)
    (tmp_path / "cluster.yaml").write_text(FILE.format(folder=tmp_path))
    return tmp_path


def check(here: Path, *arguments: str, bin_folders: str | None = None) -> subprocess.CompletedProcess[str]:
    """Started in `here`; `bin_folders` replaces RAGPULSE_BIN, and then nothing else is at hand."""
    environment = dict(os.environ)
    if bin_folders is not None:
        environment |= {"RAGPULSE_BIN": bin_folders, "PATH": "/nonexistent"}
    command = [sys.executable, "-c", NO_SOCKETS, "check", *arguments]
    return subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=120, check=False)


def rendered(here: Path) -> int:
    return len(generate.files(cluster_file.load(here / "cluster.yaml")))


def rows(done: subprocess.CompletedProcess[str]) -> list[list[str]]:
    """Of the table, below its head; a text that does not fit into its column goes on in the next line."""
    found: list[list[str]] = []
    for line in done.stdout.splitlines()[2:]:
        if line.startswith(" "):
            found[-1][-1] += f" {line.strip()}"
        else:
            found.append(re.split(r"  +", line.strip(), maxsplit=2))
    return found


def test_what_is_well_ends_with_0_without_a_socket(here: Path) -> None:
    done = check(here, "--static", "--node", "beta")
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(done)[:3] == [
        ["cluster.yaml", "well", "2 nodes, 1 service"],
        ["files of beta", "well", "1 needed here"],
        ["generated files", "well", f"{rendered(here)}, judged by {binary('promtool', 0)} and {binary('amtool', 0)}"],
    ]


def test_a_socket_would_have_been_noticed(here: Path) -> None:
    """A node with a host name has it looked up, where --node does not say which one this is."""
    (here / "cluster.yaml").write_text("cluster: desk\nnodes: {alpha: {address: alpha.example}}\n")
    assert check(here, "--static").stderr.startswith("socket.")
    assert check(here, "--static", "--node", "alpha").returncode == 0


def test_what_may_be_right_is_noted_with_its_line_and_fails_nothing(here: Path) -> None:
    done = check(here, "--static", "--node", "alpha")
    assert done.returncode == 0
    unmeasured = "no collection to query: set services.chroma.query.collection"
    assert ["line 1", "note", f"targets.response_time: nothing is judged of chroma: {unmeasured}"] in rows(done)


def test_a_faulty_file_is_told_like_everywhere(here: Path) -> None:
    (here / "cluster.yaml").write_text("cluster: desk\nnodes: {alpha: {address: 127.0.0.1, prt: 1}}\n")
    done = check(here, "--static")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cluster.yaml:2: nodes.alpha.prt: unknown key; did you mean port?\n"


def test_a_file_of_the_node_that_is_missing_ends_with_2_and_its_line(here: Path) -> None:
    (here / "token").unlink()
    done = check(here, "--static", "--node", "beta")
    assert done.returncode == 2
    assert ["files of beta", "wrong", "1 problem"] in rows(done)
    assert done.stderr == f"cluster.yaml:6: services.chroma.token_file: {here}/token does not exist (on beta)\n"


def test_a_machine_that_is_no_node_leaves_the_files_out_and_says_so(here: Path) -> None:
    (here / "cluster.yaml").write_text("cluster: far\nnodes: {one: {address: 203.0.113.250}}\n")
    done = check(here, "--static")
    assert done.returncode == 0
    why = "this machine owns no address of any node (one); say which it is with --node"
    assert ["files of the node", "note", f"not looked at: {why}"] in rows(done)


def test_an_unknown_node_is_refused(here: Path) -> None:
    done = check(here, "--static", "--node", "gamma")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "--node gamma: there is no such node; the cluster file has alpha, beta\n"


def test_without_promtool_and_amtool_it_says_that_nobody_judged_what_was_rendered(here: Path) -> None:
    done = check(here, "--static", "--node", "beta", bin_folders="")
    assert done.returncode == 0
    assert [
        "generated files",
        "note",
        f"{rendered(here)} rendered; no promtool and amtool at hand to judge them",
    ] in rows(done)


def test_what_promtool_refuses_ends_with_2(here: Path) -> None:
    """A promtool that refuses everything stands for one of a later version."""
    for name, words in {
        "prometheus": "echo prometheus, version 3.5.0",
        "promtool": '[ "$1" = --version ] && echo promtool, version 3.5.0 || { echo FAILED: no; exit 1; }',
        "alertmanager": "echo alertmanager, version 0.28.0",
        "amtool": "echo amtool, version 0.28.0",
    }.items():
        (here / name).write_text(f"#!/bin/sh\n{words}\n")
        (here / name).chmod(0o755)
    done = check(here, "--static", "--node", "beta", bin_folders=str(here))
    assert done.returncode == 2
    assert ["generated files", "wrong", "refused"] in rows(done)
    assert done.stderr == "promtool refuses the generated configuration: no\n"


def test_static_judges_the_whole_file_and_only_as_a_table(here: Path) -> None:
    for option in ("--json", "chroma"):
        done = check(here, "--static", option)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("--static judges the whole cluster file, as a table")


def test_a_service_that_the_file_does_not_have_is_refused(here: Path) -> None:
    done = check(here, "--node", "alpha", "chrom")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cluster.yaml: there is no service chrom; it has chroma\n"

"""Names of containers from a Docker API on a real Unix socket, which may say anything at any pace."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from exporters.docker_names import DockerNames
from exporters.source import SourceError
from tests.fakes.confined import WITHOUT_RIGHTS
from tests.fakes.nvml_library import Clock
from tests.fakes.running import ROOT
from tests.fakes.unix_server import Talk, UnixServer, http, unix_server

VLLM, OLLAMA, OTHER = "a" * 64, "b" * 64, "c" * 64


def listed(**names: str) -> Talk:
    """As Docker lists them, but for what nobody reads."""
    ids = {"vllm": VLLM, "ollama": OLLAMA}
    return http(json.dumps([{"Id": ids[key], "Names": [f"/{name}"]} for key, name in names.items()]).encode())


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[UnixServer]:
    with unix_server(tmp_path / "docker.sock", listed(vllm="llama_server_1")) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


def names_of(server: UnixServer, clock: Clock) -> DockerNames:
    return DockerNames(str(server.path), clock)


def test_a_container_has_its_name_once_docker_has_answered(docker: UnixServer, clock: Clock) -> None:
    names = names_of(docker, clock)
    assert names.name_of(VLLM) is None
    assert list(names.read()) == []
    assert names.name_of(VLLM) == "llama_server_1"
    (asked,) = docker.heard
    assert asked.startswith(b"GET /containers/json HTTP/1.1\r\n")


def test_docker_is_asked_at_the_start_and_then_only_for_who_is_not_known(docker: UnixServer, clock: Clock) -> None:
    names = names_of(docker, clock)
    names.read()
    names.name_of(VLLM)
    names.read()
    assert len(docker.heard) == 1
    docker.talk = listed(vllm="llama_server_1", ollama="ollama")
    assert names.name_of(OLLAMA) is None
    names.read()
    assert names.name_of(OLLAMA) == "ollama"
    assert len(docker.heard) == 2


def test_a_container_of_another_engine_is_asked_for_once_in_five_minutes(docker: UnixServer, clock: Clock) -> None:
    names = names_of(docker, clock)
    for _ in range(10):
        assert names.name_of(OTHER) is None
        names.read()
        clock.pass_(10)
    assert len(docker.heard) == 1
    clock.pass_(300)
    names.read()
    assert len(docker.heard) == 2


def test_one_unknown_container_does_not_make_another_asked_for_again(docker: UnixServer, clock: Clock) -> None:
    names = names_of(docker, clock)
    names.read()
    for container in (OTHER, OLLAMA, OTHER, OLLAMA):
        names.name_of(container)
        names.read()
    assert len(docker.heard) == 3


def test_a_container_that_is_renamed_has_its_new_name_after_five_minutes(docker: UnixServer, clock: Clock) -> None:
    names = names_of(docker, clock)
    names.read()
    docker.talk = listed(vllm="renamed")
    clock.pass_(299)
    names.read()
    assert names.name_of(VLLM) == "llama_server_1"
    clock.pass_(1)
    names.read()
    assert names.name_of(VLLM) == "renamed"


def test_names_are_kept_while_docker_is_away_and_it_is_asked_until_it_is_back(docker: UnixServer, clock: Clock) -> None:
    names = names_of(docker, clock)
    names.read()
    docker.talk = http(b"{}", "503 Service Unavailable")
    names.name_of(OLLAMA)
    for _ in range(3):
        with pytest.raises(SourceError, match=r"docker\.sock: answers with HTTP 503"):
            names.read()
    assert names.name_of(VLLM) == "llama_server_1"
    docker.talk = listed(vllm="back")
    names.read()
    assert names.name_of(VLLM) == "back"


def test_a_name_is_one_short_line_whatever_the_socket_says(docker: UnixServer, clock: Clock) -> None:
    docker.talk = listed(vllm="x\n\x1b" + "y" * 1000, ollama="")
    names = names_of(docker, clock)
    names.read()
    assert names.name_of(VLLM) == "x??" + "y" * 97
    assert names.name_of(OLLAMA) == "unknown"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"null",
        b"7",
        b'{"message": "no"}',
        b'["a"]',
        b'[{"Names": ["/a"]}]',
        b"[" * 100_000,
        b"\xff\xfe",
        b'[{"Id": "a", "Names": {"a": "b"}}]',
    ],
)
def test_what_is_no_list_of_containers_is_an_error_that_names_the_socket(
    docker: UnixServer, clock: Clock, body: bytes
) -> None:
    docker.talk = http(body)
    with pytest.raises(SourceError, match=r"docker\.sock: does not answer as Docker does"):
        names_of(docker, clock).read()


def test_a_container_without_a_name_costs_the_others_nothing(docker: UnixServer, clock: Clock) -> None:
    containers = [{"Id": OTHER, "Names": None}, {"Id": OLLAMA, "Names": []}, {"Id": VLLM, "Names": ["/vllm"]}]
    docker.talk = http(json.dumps(containers).encode())
    names = names_of(docker, clock)
    names.read()
    assert [names.name_of(each) for each in (OTHER, OLLAMA, VLLM)] == [None, None, "vllm"]


def test_what_is_no_http_is_an_error(docker: UnixServer, clock: Clock) -> None:
    docker.talk = lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    with pytest.raises(SourceError, match=r"docker_socket .*docker\.sock: "):
        names_of(docker, clock).read()


def test_a_server_that_hangs_up_is_an_error(docker: UnixServer, clock: Clock) -> None:
    docker.talk = lambda _: None
    with pytest.raises(SourceError, match=r"docker_socket .*docker\.sock: "):
        names_of(docker, clock).read()


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_answer_without_end_is_refused_at_the_limit(docker: UnixServer, clock: Clock, head: bytes) -> None:
    sent = 0

    def endless(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(head)
        while True:
            sent += connection.send(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    docker.talk = endless
    with pytest.raises(SourceError, match="answers with more than 4194304 bytes"):
        names_of(docker, clock).read()
    assert sent < 8 * 1024 * 1024


@pytest.mark.parametrize("said", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
def test_an_answer_that_drips_is_given_up_at_the_deadline(docker: UnixServer, clock: Clock, said: bytes) -> None:
    let_go = threading.Event()

    def dripping(connection: socket.socket) -> None:
        for byte in said + b"x" * 1000:
            clock.pass_(0.5)  # each byte comes within its own time
            connection.sendall(bytes([byte]))
        let_go.wait()

    docker.talk = dripping
    try:
        with pytest.raises(SourceError, match="timed out"):
            names_of(docker, clock).read()
    finally:
        let_go.set()


def test_a_socket_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"docker_socket .*/none\.sock: No such file"):
        DockerNames(str(tmp_path / "none.sock")).read()


def test_a_socket_that_this_user_may_not_use_says_what_to_do(docker: UnixServer) -> None:
    docker.path.chmod(0)
    script = f"from exporters.docker_names import *; DockerNames({str(docker.path)!r}).read()"
    said = subprocess.run(
        [*WITHOUT_RIGHTS, sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "docker.sock: run the agent as a user that may use it" in said.stderr.splitlines()[-1]


def test_a_thousand_failures_leave_threads_and_descriptors_as_they_were(docker: UnixServer, clock: Clock) -> None:
    docker.talk = lambda _: None
    names = names_of(docker, clock)
    open_before, threads_before = psutil.Process().num_fds(), threading.active_count()
    for _ in range(1000):
        names.name_of(OTHER)
        with pytest.raises(SourceError):
            names.read()
    assert threading.active_count() == threads_before
    assert psutil.Process().num_fds() <= open_before + 1  # the server may not have closed its last one yet

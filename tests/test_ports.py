"""Whose port is it, and which setting moves ours? Judged by real sockets of real processes."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ragpulse.stack import ports
from ragpulse.stack.identity import STATE_VARIABLE
from ragpulse.stack.process import Listen, Process
from ragpulse.stack.this_node import own_addresses
from tests.fakes.running import free_ports

_LISTENER = """
import socket, sys
listener = socket.create_server((sys.argv[1], 0))
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def listener(address: str = "127.0.0.1", **environment: str) -> Iterator[tuple[int, int]]:
    """(pid, port) of another process that listens."""
    with subprocess.Popen(
        [sys.executable, "-c", _LISTENER, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
        process.communicate()


def wants(port: int, address: str = "127.0.0.1", name: str = "prometheus") -> Process:
    return Process(name, ("true",), "wants a port", (Listen(address, port, "monitoring.ports.prometheus"),))


def refusal(*processes: Process) -> str:
    with pytest.raises(ports.PortError) as caught:
        ports.require_free(processes)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_free_ports_are_no_problem() -> None:
    first, second = free_ports(2)
    ports.require_free([wants(first), wants(second, name="overview")])


@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0"], ids=["on the same address", "on every address"])
def test_a_strangers_port_names_process_setting_and_stranger(bound: str) -> None:
    with listener(bound) as (pid, port):
        line = refusal(wants(port))
    assert re.fullmatch(
        rf"prometheus cannot listen on 127\.0\.0\.1:{port}: the port is taken by \S+ \(pid {pid}\): stop it, "
        r"or change monitoring\.ports\.prometheus",
        line,
    )


def test_the_same_port_on_another_address_is_free() -> None:
    with listener("127.0.0.2") as (_, port):
        ports.require_free([wants(port, "127.0.0.1")])


@pytest.mark.parametrize(
    ("state", "whose"),
    [
        ("/home/op/clone/.ragpulse", "ragpulse of /home/op/clone: run `make down` there, or change"),
        ("/srv/state", "ragpulse down --state /srv/state`, or change"),
        ("/srv/my state", "ragpulse down --state '/srv/my state'`, or change"),
    ],
    ids=["a clone that was started as usual", "a state folder of its own name", "one with a blank"],
)
def test_the_port_of_another_clone_names_that_clone(state: str, whose: str) -> None:
    with listener(**{STATE_VARIABLE: state}) as (_, port):
        assert whose in refusal(wants(port))


def test_what_the_stack_that_is_about_to_end_holds_does_not_count(tmp_path: Path) -> None:
    with listener(**{STATE_VARIABLE: str(tmp_path)}) as (_, port):
        ports.require_free([wants(port)], but_for=tmp_path)
        with pytest.raises(ports.PortError):
            ports.require_free([wants(port)], but_for=tmp_path / "other")


def test_two_of_the_same_plan_on_one_port_are_refused_also_where_the_stack_that_is_about_to_end_holds_it(
    tmp_path: Path,
) -> None:
    with listener(**{STATE_VARIABLE: str(tmp_path)}) as (_, port), pytest.raises(ports.PortError, match="is wanted by"):
        ports.require_free([wants(port), wants(port, name="overview")], but_for=tmp_path)


def test_a_host_name_is_as_good_as_the_address_it_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with listener() as (pid, port):
        found = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert f"(pid {pid}): stop it" in refusal(wants(port, "sark.example"))


def test_who_wants_every_address_is_told_who_has_one_of_them() -> None:
    with listener() as (pid, port):
        assert f"(pid {pid}): stop it" in refusal(wants(port, "0.0.0.0"))


@pytest.mark.parametrize(
    ("bound", "wanted", "collide"),
    [
        ("::ffff:127.0.0.1", "127.0.0.1", True),
        ("::", "127.0.0.1", True),
        ("fe80::1%eth0", "fe80::1", True),
        ("127.0.0.2", "127.0.0.1", False),
        ("::1", "127.0.0.1", False),
    ],
    ids=["the same as IPv6 writes it", "all of both kinds", "with its link", "another", "another kind"],
)
def test_two_addresses_collide_when_one_socket_keeps_the_other_away(bound: str, wanted: str, *, collide: bool) -> None:
    assert ports._collide(bound, wanted) == collide


def test_each_taken_port_has_a_line() -> None:
    with listener() as (_, first), listener() as (_, second):
        assert len(refusal(wants(first), wants(second, name="overview")).splitlines()) == 2


def test_two_processes_that_want_one_port_are_told_of_each_other() -> None:
    [port] = free_ports(1)
    line = refusal(wants(port), wants(port, name="overview"))
    assert line == f"127.0.0.1:{port} is wanted by prometheus and by overview: change monitoring.ports.prometheus"


def test_an_address_of_another_machine_is_said_to_be_that() -> None:
    elsewhere = next(address for address in ("192.0.2.1", "198.51.100.1") if address not in own_addresses())
    assert "this machine has no such address" in refusal(wants(9090, elsewhere))


def test_connections_that_fade_away_do_not_hold_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # who closes first keeps the port in TIME_WAIT
        assert client.recv(1) == b""
        client.close()
    ports.require_free([wants(port)])


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert str(Listen("::1", 9090, "x")) == "[::1]:9090"

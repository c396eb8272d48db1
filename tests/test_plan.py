"""Which processes a node runs, with which arguments, and which node this machine is."""

import socket
import subprocess
from pathlib import Path

import pytest

from ragpulse import cluster_file, yaml_file
from ragpulse.inventory import Cluster
from ragpulse.stack.binaries import Binaries
from ragpulse.stack.plan import monitoring_processes
from ragpulse.stack.process import Process
from ragpulse.stack.this_node import NodeError, own_addresses, this_node
from tests.fakes.binaries import binary, each_generation

STATE = Path("/state")
BINARIES = Binaries(*(Path("/bin", name) for name in ("prometheus", "promtool", "alertmanager", "amtool")))

SINGLE = """
cluster: small
nodes: {one: {address: 192.0.2.1}, two: {address: 192.0.2.2, port: 9500}}
monitoring: {retention: 36h}
targets: {availability: {window: 1d}}
"""
PAIR = """
cluster: pair
nodes: {one: {address: 192.0.2.1}, two: {address: 192.0.2.2}, three: {address: "2001:db8::3"}}
monitoring: {nodes: [one, two]}
"""


def parsed(text: str) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "cluster.yaml"), "cluster.yaml")


def plan(text: str, *nodes: str, binaries: Binaries | None = BINARIES, demo: bool = False) -> dict[str, Process]:
    processes = monitoring_processes(
        parsed(text),
        nodes,
        STATE,
        binaries,
        python="/venv/bin/python",
        config_file=STATE / "cluster.yaml",
        notifications=STATE / "notifications.jsonl" if demo else None,
    )
    return {process.name: process for process in processes}


def test_a_monitoring_node_runs_agent_alertmanager_prometheus_and_overview() -> None:
    assert list(plan(SINGLE, "one")) == ["agent-one", "alertmanager", "prometheus", "overview"]


RELAYED = """
notify: {receivers: {desk: {kind: webhook, url_file: /run/secrets/desk}}, page: [desk]}
"""


def test_the_adapter_runs_where_an_alertmanager_does_and_a_receiver_needs_it() -> None:
    processes = plan(SINGLE + RELAYED, "one")
    assert list(processes) == ["agent-one", "relay", "alertmanager", "prometheus", "overview"]
    relay = processes["relay"]
    assert relay.argv[1:] == (
        "-m", "ragpulse.relay", "--config", "/state/cluster.yaml", "--folder", "/state/data/relay",
    )  # fmt: skip
    assert (relay.ready_url, relay.listens[0].setting) == ("http://127.0.0.1:9480/healthz", "monitoring.ports.relay")
    assert list(plan(SINGLE + RELAYED, "two")) == ["agent-two"]
    assert "relay" in plan(PAIR + RELAYED, "two")
    by_alertmanager = RELAYED.replace("url_file: /run/secrets/desk", "url: 'http://127.0.0.1:1/'")
    assert "relay" not in plan(SINGLE + by_alertmanager, "one")


def test_any_other_node_runs_its_agent_alone() -> None:
    assert list(plan(SINGLE, "two", binaries=None)) == ["agent-two"]
    assert list(plan(SINGLE, "two")) == ["agent-two"]


def test_the_demo_plays_every_node_with_one_prometheus() -> None:
    assert list(plan(SINGLE, "one", "two", demo=True)) == [
        "agent-one", "agent-two", "alertmanager", "prometheus", "overview",
    ]  # fmt: skip


def test_an_agent_listens_on_its_nodes_address() -> None:
    agent = plan(SINGLE, "two")["agent-two"]
    assert [str(listen) for listen in agent.listens] == ["192.0.2.2:9500"]
    assert agent.argv[1:] == ("-m", "ragpulse", "agent", "--config", "/state/cluster.yaml", "--node", "two")
    assert agent.ready_url == "http://192.0.2.2:9500/readyz"
    assert agent.listens[0].setting == "nodes.two.port"


def test_a_single_prometheus_and_alertmanager_listen_on_loopback_without_clustering() -> None:
    processes = plan(SINGLE, "one")
    prometheus, alertmanager = processes["prometheus"].argv, processes["alertmanager"].argv
    assert "--web.listen-address=127.0.0.1:9090" in prometheus
    assert "--storage.tsdb.retention.time=36h" in prometheus
    assert "--rules.alert.resend-delay=15s" in prometheus
    assert "--config.file=/state/config/prometheus/prometheus.yml" in prometheus
    assert "--web.listen-address=127.0.0.1:9093" in alertmanager
    assert "--data.maintenance-interval=5s" in alertmanager
    assert "--cluster.listen-address=" in alertmanager
    assert len(processes["alertmanager"].listens) == 1


def test_a_pair_listens_on_its_own_addresses_and_knows_its_peer() -> None:
    processes = plan(PAIR, "two")
    assert "--web.listen-address=192.0.2.2:9090" in processes["prometheus"].argv
    alertmanager = processes["alertmanager"].argv
    assert "--cluster.listen-address=192.0.2.2:9094" in alertmanager
    assert [flag for flag in alertmanager if flag.startswith("--cluster.peer=")] == ["--cluster.peer=192.0.2.1:9094"]
    assert [str(listen) for listen in processes["alertmanager"].listens] == ["192.0.2.2:9093", "192.0.2.2:9094"]
    assert "--prometheus=http://192.0.2.2:9090" in processes["overview"].argv


def test_an_ipv6_node_is_written_with_brackets() -> None:
    assert plan(PAIR, "three")["agent-three"].look_url == "http://[2001:db8::3]:9477/"


def test_a_machine_that_plays_both_of_a_pair_has_two_of_each_with_a_folder_of_its_own_and_one_page() -> None:
    found = plan(PAIR, "one", "two", demo=True)
    assert list(found) == [
        "agent-one", "agent-two", "alertmanager-one", "prometheus-one", "overview",
        "alertmanager-two", "prometheus-two",
    ]  # fmt: skip
    for name, option in (("prometheus", "storage.tsdb.path"), ("alertmanager", "storage.path")):
        for node in ("one", "two"):
            assert f"--{option}=/state/data/{name}-{node}" in found[f"{name}-{node}"].argv


def test_the_second_of_a_pair_waits_for_the_first_far_shorter_than_a_group_is_kept_together() -> None:
    for interval, wait, gossip in (("10s", "5s", "200ms"), ("2s", "1s", "40ms"), ("1m", "15s", "200ms")):
        text = PAIR.replace("nodes: [one, two]", f"nodes: [one, two], scrape_interval: {interval}")
        words = plan(text, "one")["alertmanager"].argv
        assert {f"--cluster.peer-timeout={wait}", f"--cluster.gossip-interval={gossip}"} <= set(words)
    assert not any("timeout" in word or "interval=200ms" in word for word in plan(SINGLE, "one")["alertmanager"].argv)


@pytest.mark.parametrize("demo", [True, False], ids=["the demo's", "a cluster's"])
def test_only_the_demos_overview_shows_notifications(*, demo: bool) -> None:
    overview = plan(SINGLE, "one", demo=demo)["overview"].argv
    assert ("--notifications=/state/notifications.jsonl" in overview) == demo


def test_the_overview_knows_where_the_tools_of_its_runbooks_are() -> None:
    assert plan(SINGLE, "one")["overview"].environment == {"RAGPULSE_BIN": str(BINARIES.promtool.parent)}


@each_generation
@pytest.mark.parametrize("program", ["prometheus", "alertmanager"])
def test_every_flag_is_one_that_the_program_knows(program: str, generation: int) -> None:
    result = subprocess.run(
        [binary(program, generation), "--help-long"], capture_output=True, text=True, check=False, timeout=30
    )
    known = result.stdout + result.stderr
    for text, node in ((SINGLE, "one"), (PAIR, "one")):
        for argument in plan(text, node)[program].argv[1:]:
            assert f"{argument.partition('=')[0]}=" in known


def test_this_machine_is_the_node_that_owns_one_of_its_addresses() -> None:
    cluster = parsed(PAIR)
    assert this_node(cluster, None, frozenset({"127.0.0.1", "192.0.2.2"})) == "two"
    assert this_node(cluster, None, frozenset({"2001:db8::3"})) == "three"


def test_another_network_of_a_node_is_as_good_as_its_address() -> None:
    cluster = parsed("cluster: c\nnodes: {one: {address: 192.0.2.1, networks: {fast: 198.51.100.7}}}")
    assert this_node(cluster, None, frozenset({"198.51.100.7"})) == "one"


def test_every_loopback_address_is_this_machines() -> None:
    cluster = parsed("cluster: c\nnodes: {one: {address: 127.0.0.9}}")
    assert this_node(cluster, None, frozenset({"127.0.0.1"})) == "one"


def test_a_host_name_that_is_this_machines_own_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    cluster = parsed("cluster: c\nnodes: {one: {address: sark.example}, two: {address: 192.0.2.2}}")
    assert this_node(cluster, None, frozenset({"127.0.0.1", "::1"})) == "one"


def test_node_says_which_one_it_is_whatever_the_addresses() -> None:
    assert this_node(parsed(PAIR), "three", frozenset()) == "three"


@pytest.mark.parametrize(
    ("named", "addresses", "text"),
    [
        (None, {"203.0.113.9"}, "owns no address of any node (one, two, three); say which it is with --node"),
        (None, {"192.0.2.1", "192.0.2.2"}, "owns addresses of one and two; say which it is with --node"),
        ("four", {"192.0.2.1"}, "there is no such node; the cluster file has one, two, three"),
    ],
    ids=["no node is here", "two nodes are here", "an unknown node is named"],
)
def test_what_cannot_be_told_is_one_line(named: str | None, addresses: set[str], text: str) -> None:
    with pytest.raises(NodeError) as caught:
        this_node(parsed(PAIR), named, frozenset(addresses))
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_own_addresses_hold_loopback() -> None:
    assert "127.0.0.1" in own_addresses()

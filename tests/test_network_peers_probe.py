"""The way to the peers: whom a node probes, what counts as reached, and how failures are named."""

import errno
import resource
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from exporters import tcp_connect
from exporters.network_peers import MAX_PEERS, NetworkPeers, peers
from exporters.peer_tally import PeerTally
from exporters.tcp_connect import Outcome, _begin, _outcome, connect_all
from ragpulse.inventory import Cluster
from ragpulse.metric import series
from tests.fakes.machine import shown

Endpoint = tuple[str, int]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def silent() -> Iterator[Endpoint]:
    """A port whose queue is full: the kernel drops what comes, like a cable that was pulled."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()


def refusing() -> Endpoint:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
    return host, port


def cluster(port: int, peer: str = "127.0.0.1", **networks: str) -> Cluster:
    return Cluster.model_validate(
        {
            "cluster": "test",
            "nodes": {
                "alpha": {"address": "127.0.0.1", "networks": {"fast": "127.0.1.1"}},
                "beta": {"address": peer, "port": port, "networks": networks},
            },
            "monitoring": {"scrape_interval": "1s"},
        }
    )


def nonzero(source: NetworkPeers) -> dict[str, float]:
    found = (series(sample).removeprefix("ragpulse_network_probe_") for sample in source.counters())
    values = (sample.value for sample in source.counters())
    return {
        key: value
        for key, value in zip(found, values, strict=True)
        if value and "bucket" not in key and "sum" not in key
    }


def test_a_peer_that_accepts_is_reached(listener: socket.socket) -> None:
    source = NetworkPeers(cluster(listener.getsockname()[1]), "alpha")
    shown(source)
    assert nonzero(source) == {'duration_seconds_count{peer="beta",tier="home"}': 1}


def test_a_peer_that_refuses_is_reached_for_its_kernel_has_answered() -> None:
    source = NetworkPeers(cluster(refusing()[1]), "alpha")
    shown(source)
    assert nonzero(source) == {'duration_seconds_count{peer="beta",tier="home"}': 1}


def test_a_peer_that_is_silent_is_a_timeout(silent: Endpoint) -> None:
    source = NetworkPeers(cluster(silent[1]), "alpha")
    shown(source)
    assert nonzero(source) == {'failures_total{peer="beta",tier="home",reason="timeout"}': 1}


def test_a_peer_without_a_route_is_unreachable() -> None:
    # The kernel has no route for a connection to a broadcast address.
    source = NetworkPeers(cluster(9477, peer="127.255.255.255"), "alpha")
    shown(source)
    assert nonzero(source) == {'failures_total{peer="beta",tier="home",reason="unreachable"}': 1}


def test_every_network_that_both_nodes_have_is_probed_and_no_other(listener: socket.socket) -> None:
    source = NetworkPeers(cluster(listener.getsockname()[1], fast="127.0.0.1", elsewhere="127.0.0.1"), "alpha")
    assert {key.split('"')[3] for key in shown(source) if "failures" in key} == {"home", "fast"}


def test_everything_stands_at_0_before_the_first_run() -> None:
    values = [sample.value for sample in NetworkPeers(cluster(9477), "alpha").counters()]
    assert len(values) == 16 + 3
    assert set(values) == {0}


def test_own_time_limits_fit_into_the_runners_and_that_into_the_interval() -> None:
    source = NetworkPeers(cluster(9477), "alpha")
    assert source.interval == 1
    assert 0.3 < source.timeout < source.interval


def test_a_run_that_was_cut_counts_once_as_deadline_and_never_again(listener: socket.socket) -> None:
    begun, cut = threading.Event(), threading.Event()

    def clock() -> float:
        begun.set()
        assert cut.wait(10)
        return 0.0

    source = NetworkPeers(cluster(listener.getsockname()[1]), "alpha", clock)
    late = threading.Thread(target=source.read)
    late.start()
    assert begun.wait(10)
    source.cut()
    cut.set()
    late.join(10)
    assert nonzero(source) == {'failures_total{peer="beta",tier="home",reason="deadline"}': 1}


def test_a_cut_fails_only_the_ways_that_are_not_judged_yet() -> None:
    tally = PeerTally([("beta", "home"), ("beta", "fast")])
    run = tally.start()
    tally.record(run, ("beta", "home"), 0.0002)
    tally.cut()
    tally.record(run, ("beta", "fast"), 0.3)  # too late
    deadlines = {sample.labels[1]: sample.value for sample in tally.samples() if sample.labels[-1] == "deadline"}
    assert deadlines == {"home": 0, "fast": 1}
    tally.cut()  # a further due run while the first one hangs
    deadlines = {sample.labels[1]: sample.value for sample in tally.samples() if sample.labels[-1] == "deadline"}
    assert deadlines == {"home": 1, "fast": 2}


def test_buckets_are_cumulative_and_edges_inclusive() -> None:
    tally = PeerTally([("beta", "home")])
    run = tally.start()
    for seconds in (0.0005, 0.001, 0.1, 99.0):
        tally.record(run, ("beta", "home"), seconds)
    counts = {sample.le: sample.value for sample in tally.samples() if sample.suffix == "_bucket"}
    assert (counts["0.001"], counts["0.05"], counts["0.1"], counts["10.0"], counts["+Inf"]) == (2, 2, 3, 3, 4)


def test_silent_ports_are_waited_for_together_and_do_not_hide_others(silent: Endpoint) -> None:
    endpoints = [(f"silent {index}", *silent) for index in range(5)] + [("refusing", *refusing())]
    now = iter(range(1000))
    outcomes = dict(connect_all(endpoints, timeout=0.2))
    assert outcomes["refusing"].reason is None
    assert {outcome for key, outcome in outcomes.items() if key.startswith("silent")} == {Outcome(0.2, "timeout")}
    # By a clock that counts its own readings, the wait ends: it is bounded by the limit, not by the number of ports.
    assert len(list(connect_all(endpoints, timeout=1, clock=lambda: float(next(now))))) == len(endpoints)


def test_a_name_that_cannot_be_looked_up_is_unreachable_and_costs_no_other(listener: socket.socket) -> None:
    _, port = listener.getsockname()
    outcomes = dict(connect_all([("lost", "not..a..name", port), ("found", "127.1", port)], timeout=2))
    assert outcomes["lost"].reason == "unreachable"
    assert outcomes["found"].reason is None


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (0, None),
        (errno.ECONNREFUSED, None),
        (errno.EHOSTUNREACH, "unreachable"),
        (errno.EPERM, "unreachable"),
        (errno.EADDRNOTAVAIL, "unreachable"),
        (errno.ETIMEDOUT, "timeout"),
    ],
    ids=errno.errorcode.get,
)
def test_what_the_kernel_says_has_a_name(number: int, reason: str | None) -> None:
    assert _outcome(number, 0.5) == Outcome(0.5, reason, refused=number == errno.ECONNREFUSED)


def test_a_family_of_addresses_that_this_kernel_lacks_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_connect, "_address", lambda *_: (9999, ("", 1)))
    ((_, outcome),) = connect_all([("beta", "::1", 1)], timeout=1)
    assert outcome.reason == "unreachable"


def test_a_want_of_our_own_is_an_error_and_no_fault_of_the_peer() -> None:
    with pytest.raises(OSError, match="No buffer space"):
        _outcome(errno.ENOBUFS, 0.5)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            _begin((socket.AF_INET, ("127.0.0.1", 1)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_small_cluster_probes_all_others() -> None:
    assert peers(cluster(9477), "alpha") == ("beta",)
    assert peers(cluster(9477), "beta") == ("alpha",)


def test_in_a_large_cluster_every_node_is_probed_by_exactly_eight_others() -> None:
    nodes = {f"node{index}": {"address": f"127.1.{index // 250}.{index % 250 + 1}"} for index in range(300)}
    large = Cluster.model_validate({"cluster": "large", "nodes": nodes})
    chosen = {name: peers(large, name) for name in nodes}
    assert all(len(set(found)) == MAX_PEERS and name not in found for name, found in chosen.items())
    assert set(Counter(peer for found in chosen.values() for peer in found).values()) == {MAX_PEERS}
    fewer = Cluster.model_validate({"cluster": "large", "nodes": {k: v for k, v in nodes.items() if k != "node7"}})
    assert sum(peers(fewer, name) != found for name, found in chosen.items() if name != "node7") == MAX_PEERS

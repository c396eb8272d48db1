"""What the agent makes of the silences of its Alertmanager, whatever that answers, or when it answers no more."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.maintenance_source import MaintenanceSource, maintenance_sources
from exporters.source import SourceError
from ragpulse import cluster_file, yaml_file
from ragpulse.dependencies import Component, node, service
from ragpulse.inventory import Cluster
from ragpulse.maintenance.announced import Announced, active, latest
from tests.fakes.hostile_server import hostile, routed
from tests.fakes.hostile_wire import SERVERS, answer
from tests.fakes.sources import Clock

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z
LONGEST_LINE = 200
COVERS = {service("chroma"): ("chroma", "gateway"), node("clu"): ("memory",), service("memory"): ("memory",)}


def silence(text: str = "ragpulse maintenance of service chroma: disk", **changed: Any) -> dict[str, Any]:
    usual = {
        "id": "1", "comment": text, "createdBy": "op", "status": {"state": "active"},
        "startsAt": "2027-01-15T08:00:00.000Z", "endsAt": "2027-01-15T10:00:00.000Z",
    }  # fmt: skip
    return usual | changed


def alertmanager(said: bytes) -> AbstractContextManager[str]:
    """What it says of its silences."""
    return hostile(routed({"/api/v2/silences": said}, answer(b"", status=b"404 Not Found")))


def read(said: bytes) -> set[str]:
    with alertmanager(said) as url:
        return under(source(url))


def under(source: MaintenanceSource) -> set[str]:
    samples = list(source.read())
    assert [sample.labels for sample in samples] == [("chroma",), ("gateway",), ("memory",)]
    return {sample.labels[0] for sample in samples if sample.value}


def source(url: str, clock: Callable[[], float] = lambda: NOW) -> MaintenanceSource:
    return MaintenanceSource(url, COVERS, interval=10.0, request_timeout=0.4, clock=clock)


@pytest.mark.parametrize(
    ("silences", "covered"),
    [
        pytest.param([], set(), id="none"),
        pytest.param([silence()], {"chroma", "gateway"}, id="a service and what needs it"),
        pytest.param([silence("ragpulse maintenance of node clu: ")], {"memory"}, id="a node, and no reason"),
        pytest.param([silence("ragpulse maintenance of service gone: x")], set(), id="of a service that is no more"),
        pytest.param([silence("ragpulse maintenance of node chroma: x")], set(), id="no node is called so"),
        pytest.param([silence(status={"state": "expired"})], set(), id="over"),
        pytest.param([silence(status={"state": "pending"})], set(), id="not yet"),
        pytest.param([silence(endsAt="2027-01-15T08:00:00Z")], set(), id="over by our clock"),
        pytest.param([silence("somebody's own of chroma")], set(), id="not ours"),
        pytest.param([silence("ragpulse maintenance of backup chroma: x")], set(), id="of what nobody works on"),
        pytest.param([silence(comment=7), 3, None, [], {}, silence()], {"chroma", "gateway"}, id="garbage between"),
        pytest.param([silence(endsAt="9" * 400), silence(endsAt=None), silence(status="active")], set(), id="no times"),
        pytest.param([silence(endsAt="0001-01-01T00:00:00Z")], set(), id="before all times"),
        pytest.param([silence(createdBy="x" * 9999, id="\n")], {"chroma", "gateway"}, id="many words"),
    ],
)
def test_what_is_announced_is_covered(silences: list[Any], covered: set[str]) -> None:
    assert read(answer(json.dumps(silences).encode())) == covered


@pytest.mark.parametrize("body", [b"", b"no", b"{}", b'"active"', b"[" * 100_000, b"\xff"])
def test_what_is_no_list_of_silences_is_one_clear_line(body: bytes) -> None:
    with pytest.raises(SourceError, match=r"^the silences of Alertmanager: the answer is not"):
        read(answer(body))


def test_an_alertmanager_that_does_not_answer_ends_nothing_before_its_time() -> None:
    clock = Clock(NOW)
    with alertmanager(answer(json.dumps([silence()]).encode())) as url:
        asked = source(url, clock)
        assert under(asked) == {"chroma", "gateway"}
    clock.advance(2 * 3600 - 1)
    assert under(asked) == {"chroma", "gateway"}
    clock.advance(2)
    assert under(asked) == set()


def test_before_anything_is_known_nothing_is_announced() -> None:
    assert under(source("http://127.0.0.1:1")) == set()
    assert read(answer(b"", status=b"500 Oh")) == set()
    assert read(answer(b"x" * 9_000_000)) == set()


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS.keys())
def test_a_hostile_one_costs_its_own_reading_and_no_more(server: Callable[[], AbstractContextManager[str]]) -> None:
    with server() as url:
        assert told(source(url)) == set()


def told(asked: MaintenanceSource) -> set[str]:
    """Nothing of what is announced, too, where it fails with one line."""
    try:
        return under(asked)
    except SourceError as error:
        line = str(error)
    return set() if len(line) <= LONGEST_LINE and line.isprintable() else {line}


def test_it_is_read_where_an_alertmanager_runs() -> None:
    text = (
        "cluster: c\nnodes: {a: {address: 127.0.0.1}, b: {address: 127.0.0.2}, c: {address: 127.0.0.3}}\n"
        "monitoring: {nodes: [b, c]}\nservices: {web: {kind: http, nodes: [a], url: 'http://127.0.0.1'}}\n"
    )
    cluster = parsed(text)
    assert [len(maintenance_sources(cluster, name)) for name in cluster.nodes] == [0, 1, 1]
    assert maintenance_sources(parsed(text.partition("services:")[0]), "b") == [], "nothing to cover"


def parsed(text: str) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "c"), "c")


def test_of_several_silences_the_last_to_end_is_told() -> None:
    clu, chroma = Component("node", "clu"), Component("service", "chroma")
    told = [Announced(on, "op", "x", ends, "") for on, ends in ((clu, 5), (chroma, 9), (clu, 7), (clu, 6))]
    assert [(each.on, each.ends) for each in latest(told)] == [(clu, 7), (chroma, 9)]


KEYS = st.sampled_from(["id", "comment", "status", "state", "endsAt", "createdBy"])
scalars = st.none() | st.text() | st.floats() | st.booleans()
garbage = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


@given(garbage)
def test_whatever_stands_in_the_list_is_passed_over_or_believed(said: Any) -> None:
    assert active([said, silence(), silence(createdBy=said), silence(status=said)])

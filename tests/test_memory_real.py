"""A real mcp-memory-service under its preset and the round trip. `make test-memory` runs this."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from exporters.memory_probe import memory_probe
from exporters.memory_roundtrip import MemoryRoundTripSource
from exporters.memory_source import MemorySource
from ragpulse.memory_presets import TAG
from ragpulse.services import Memory
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.real_memory import KEY, RealMemory, real_memory
from tests.fakes.watched import plan

pytestmark = pytest.mark.memory

TRIPS = 60
NOTE = "Backups are kept for ninety days."
OURS = "ragpulse-probe-" + "0" * 32
LEFT = 'ragpulse_memory_leftovers{service="memory"}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealMemory]:
    with real_memory(Path(os.environ["RAGPULSE_MCP_MEMORY"]), tmp_path_factory.mktemp("memory")) as service:
        service.store(NOTE, "backups")
        yield service


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text(KEY)
    return tmp_path / "key"


def of_the_preset(server: RealMemory, key: Path | None, **written: Any) -> Memory:
    auth = {"auth": {"value_file": str(key)}} if key else {}
    value = {"kind": "memory", "nodes": ["clu"], "url": server.url, "preset": "mcp-memory-service", **auth, **written}
    return Memory.model_validate(value)


def traveller(server: RealMemory, key: Path, **settings: Any) -> MemoryRoundTripSource:
    return MemoryRoundTripSource(
        plan("memory"), of_the_preset(server, key, roundtrip={"enabled": True, **settings})
    )  # fmt: skip


def states(server: RealMemory, key: Path | None) -> tuple[float, float, dict[tuple[str, str], float]]:
    probe = memory_probe(plan("memory"), of_the_preset(server, key))
    found = by_series(probe.read())
    up, ready = (found[f'ragpulse_service_{name}{{service="memory"}}'] for name in ("up", "ready"))
    return up, ready, failures(probe.counters())


def test_with_its_key_it_is_well_without_or_with_another_it_is_up_and_not_ready(
    server: RealMemory, key: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").write_text("another key")
    assert states(server, key) == (1, 1, {})
    for wrong in (None, tmp_path / "other"):
        assert states(server, wrong) == (1, 0, {("ready", "auth"): 1})


def test_its_numbers_are_those_that_it_shows(server: RealMemory, key: Path) -> None:
    found = by_series(MemorySource(plan("memory"), of_the_preset(server, key)).read())
    assert found['ragpulse_memory_reading{service="memory",name="entries"}'] == 1
    assert found['ragpulse_memory_reading{service="memory",name="uptime_seconds"}'] > 0
    assert len(found) == 3


def test_round_trips_find_every_memory_and_leave_none(server: RealMemory, key: Path) -> None:
    source = traveller(server, key)
    took = []
    for _ in range(TRIPS):
        start = time.monotonic()
        assert by_series(source.read()) == {LEFT: 0}
        took.append(time.monotonic() - start)
    assert failures(source.counters()) == {}
    assert requests(source.counters()) == {"write": TRIPS, "read_back": TRIPS, "delete": TRIPS}
    assert server.contents() == [NOTE]
    with closing(sqlite3.connect(server.database)) as database:
        (rows,) = database.execute("SELECT count(*) FROM memories WHERE deleted_at IS NOT NULL").fetchone()
    sizes = {file.name: file.stat().st_size for file in server.database.parent.glob("memory.db*")}
    print(f"{TRIPS} round trips: median {median(took) * 1000:.0f} ms, most {max(took) * 1000:.0f} ms")
    print(f"left in its database: {rows} rows marked as deleted; {sizes}")


def test_a_readable_memory_is_found_by_the_first_request(server: RealMemory, key: Path) -> None:
    source = traveller(server, key)
    list(source.read())
    found = by_series(source.counters())
    assert found['ragpulse_memory_write_to_readable_seconds_bucket{service="memory",le="0.01"}'] == 1


def test_what_an_earlier_agent_left_is_swept_and_what_bears_our_tag_is_not(server: RealMemory, key: Path) -> None:
    server.store(OURS, TAG)
    server.store(f"What we know of {OURS}: it is a text of the monitoring.", TAG)
    assert by_series(traveller(server, key).read()) == {LEFT: 0}
    assert server.contents() == [NOTE, f"What we know of {OURS}: it is a text of the monitoring."]


def test_a_database_that_takes_no_writes_is_seen_by_the_round_trip_alone(server: RealMemory, key: Path) -> None:
    source = traveller(server, key, timeout="1s")
    with closing(sqlite3.connect(server.database, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        list(source.read())
        assert states(server, key) == (1, 1, {})
    assert failures(source.counters()) == {("write", "timeout"): 1}

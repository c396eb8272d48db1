"""The data folder of a real ChromaDB 0.5.23 opened by a real 1.5.9 at the same address, under the eyes of one agent."""

from pathlib import Path

from exporters.chroma_probe import ChromaProbe
from exporters.chroma_source import ChromaSource
from tests.fakes.chroma_server import NEW, OLD, ChromaServer, running_chroma
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.watched import plan

COLLECTIONS = {
    'ragpulse_chroma_collections{service="chroma"}': 2.0,
    'ragpulse_source_dropped_series{source="chroma:chroma"}': 0.0,
    'ragpulse_chroma_collection_records{service="chroma",collection="documents"}': 30.0,
    'ragpulse_chroma_collection_records{service="chroma",collection="empty_one"}': 0.0,
    'ragpulse_chroma_collection_dimension{service="chroma",collection="documents"}': 4.0,
}


def test_probe_and_source_go_on_through_an_upgrade_and_say_what_it_changed(tmp_path: Path) -> None:
    with running_chroma(ChromaServer(tmp_path, OLD)) as server:
        server.default.write({"documents": (30, 4), "empty_one": (0, 0)})
        source = ChromaSource(plan("chroma"), server.default.service())
        probe = ChromaProbe(plan("chroma"), server.default.service("documents"))
        up_and_ready = by_series(probe.read())
        assert by_series(source.read()) == {**said_of("0.5.23", guarded=1), **COLLECTIONS}

        server.stop()
        server.generation = NEW
        server.start()
        assert by_series(probe.read()) == up_and_ready
        assert by_series(source.read()) == {**said_of("1.x (says 1.0.0)", guarded=0), **COLLECTIONS}
        assert not failures(probe.counters())
        assert requests(probe.counters()) == {"heartbeat": 2, "ready": 2, "query": 2}


def said_of(version: str, guarded: float) -> dict[str, float]:
    return {
        f'ragpulse_chroma_info{{service="chroma",version="{version}",storage="sqlite+hnsw"}}': 1.0,
        'ragpulse_chroma_auth_enforced{service="chroma"}': guarded,
    }

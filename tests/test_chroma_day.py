"""A whole day of looking at real servers of both generations: what does it leave behind in their data?

Every source and the probe, from the real list of a node, each as often as in a day: 24 hours of a clock that is set by
hand, 8640 looks of those that are due every 10 s.
"""

from pathlib import Path

import pytest

from exporters import chroma_files
from exporters.chroma_disk import ChromaDisk
from exporters.chroma_probe import ChromaProbe
from exporters.service_sources import service_sources
from exporters.source import Source
from ragpulse import cluster_file, yaml_file
from tests.fakes.chroma_server import ChromaServer, Generation, each_chroma, running_chroma
from tests.fakes.readings import by_series, requests
from tests.fakes.sources import Clock

DAY = 86_400
MEGABYTE = 1_000_000


def sources(server: ChromaServer) -> list[Source]:
    """As the only node of a cluster has them; the intervals are those of the cluster file's defaults."""
    text = f"""
cluster: c
nodes: {{alpha: {{address: 127.0.0.1}}}}
services:
  chroma:
    kind: chroma
    nodes: [alpha]
    url: {server.url}
    token_file: {server.token_file}
    token_header: {server.token_header}
    token_prefix: "{server.token_prefix}"
    data_dir: {server.data}
    read_database: true
    query: {{collection: documents}}
"""
    cluster = cluster_file.parse(yaml_file.parse(text, "c"), "c")
    return [planned.source for planned in service_sources(cluster, "alpha")]


def collections(server: ChromaServer) -> set[tuple[str, str]]:
    """(name, id) in every database that there is by default."""
    with server.client() as client:
        listed = client.get("/api/v2/tenants/default_tenant/databases/default_database/collections")
    return {(entry["name"], entry["id"]) for entry in listed.raise_for_status().json()}


def size(folder: Path) -> int:
    found = chroma_files.files(folder)
    assert found is not None
    return sum(found.sizes.values())


@pytest.mark.proof
@each_chroma
def test_a_day_of_looking_leaves_nothing_behind(generation: Generation, tmp_path: Path) -> None:
    with running_chroma(ChromaServer(tmp_path, generation)) as server:
        server.default.write({"documents": (300, 24), "notes": (40, 8), "empty_one": (0, 0)})
        there, before, folders = collections(server), size(server.data), set(server.data.iterdir())
        clock = Clock(0)
        found = [
            ChromaDisk("chroma", server.data, read_database=True, clock=clock)
            if isinstance(source, ChromaDisk)
            else source
            for source in sources(server)
        ]
        assert {source.name.partition(":")[0] for source in found} == {
            "chroma", "chroma_state", "chroma_exposure", "chroma_disk", "probe",
        }  # fmt: skip
        said: dict[str, float] = {}
        for second in range(0, DAY, 10):
            clock.now = second
            for source in found:
                if second % source.interval == 0:
                    said |= by_series(source.read())
        assert size(server.data) - before <= MEGABYTE
        assert collections(server) == there
        assert {path.name for path in server.data.iterdir()} == {path.name for path in folders}
        assert said['ragpulse_chroma_collection_records{service="chroma",collection="documents"}'] == 300
        assert said['ragpulse_chroma_collection_records{service="chroma",collection="notes"}'] == 40
        (probe,) = (source for source in found if isinstance(source, ChromaProbe))
        assert requests(probe.counters()) == dict.fromkeys(("heartbeat", "ready", "query"), DAY / 10)

"""What the Chroma source says of real servers of both generations, of recorded answers, and of unknown ones."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporters.chroma_source import MAX_COLLECTIONS, ChromaSource
from exporters.secret import SecretError
from exporters.source import SourceError
from ragpulse.services import Chroma
from tests.fakes.chroma_server import OLD, ChromaServer, each_chroma
from tests.fakes.http_replay import Replay, hang, refusing_url, reply, reply_json
from tests.fakes.readings import by_series
from tests.fakes.watched import PATIENT, QUICK, plan

DATABASE = "/api/v2/tenants/default_tenant/databases/default_database"
CAPTURES = Path(__file__).parent / "captures" / "chroma"


def about(version: str, *, guards: bool | None, storage: str = "unknown") -> dict[str, float]:
    """What is said of the server itself; None: nothing of whether it guards its data."""
    info = {f'ragpulse_chroma_info{{service="chroma",version="{version}",storage="{storage}"}}': 1.0}
    guarded = {} if guards is None else {'ragpulse_chroma_auth_enforced{service="chroma"}': float(guards)}
    return info | guarded


def contents(**counts: float) -> dict[str, float]:
    return {**listed(len(counts)), **records(**counts)}


def listed(collections: float, left_out: float = 0) -> dict[str, float]:
    return {
        'ragpulse_chroma_collections{service="chroma"}': float(collections),
        'ragpulse_source_dropped_series{source="chroma:chroma"}': float(left_out),
    }


def dimensions(**numbers: float) -> dict[str, float]:
    return {f'ragpulse_chroma_collection_dimension{{service="chroma",collection="{k}"}}': v for k, v in numbers.items()}


def records(**counts: float) -> dict[str, float]:
    return {f'ragpulse_chroma_collection_records{{service="chroma",collection="{k}"}}': v for k, v in counts.items()}


def read(service: Chroma, request_timeout: float = PATIENT) -> dict[str, float]:
    return by_series(ChromaSource(plan("chroma", request_timeout=request_timeout), service).read())


def service_at(url: str) -> Chroma:
    return Chroma(kind="chroma", nodes=("sark",), url=url)


def test_slow_collections_are_counted_as_far_as_the_time_of_a_run_goes(replay: Replay) -> None:
    names = [f"c{number:02}" for number in range(20)]
    replay.get("/api/v2/version", reply_json("0.5.23"))
    replay.get("/api/v2/tenants/default_tenant", reply(403))
    replay.get(f"{DATABASE}/collections_count", reply_json(len(names)))
    replay.get(f"{DATABASE}/collections", reply_json([{"name": name, "id": name} for name in names]))
    replay.get(f"{DATABASE}/collections/c00/count", reply_json(7))
    replay.get(f"{DATABASE}/collections/c01/count", hang)
    source = ChromaSource(replace(plan("chroma"), interval=QUICK), service_at(replay.url))
    start = time.monotonic()
    found = by_series(source.read())
    assert time.monotonic() - start < source.timeout
    told = about("0.5.23", guards=True)
    assert found == {**told, **listed(20), **records(c00=7)}


@each_chroma
class TestARealServer:
    HELD = contents(documents=300, notes=40, empty_one=0) | dimensions(documents=24, notes=8)

    def told(self, chroma: ChromaServer) -> dict[str, float]:
        return about(chroma.generation.label, guards=chroma.generation.guards, storage="sqlite+hnsw")

    def test_version_guard_collections_and_records_are_told_exactly(self, chroma: ChromaServer) -> None:
        assert read(chroma.default.service()) == {**self.told(chroma), **self.HELD}

    def test_without_a_token_only_a_server_that_does_not_guard_tells_what_it_holds(self, chroma: ChromaServer) -> None:
        found = read(chroma.default.service(token_file=None))
        if chroma.generation.guards:
            assert found == self.told(chroma)
        else:
            assert found == {**self.told(chroma), **self.HELD}

    def test_a_locked_database_hides_what_it_holds(self, chroma: ChromaServer) -> None:
        with chroma.locked():
            found = read(chroma.default.service(), QUICK)
        # A server that guards refuses before it looks into its database; one that does not would have to look.
        assert found == about(chroma.generation.label, guards=chroma.generation.guards or None, storage="sqlite+hnsw")

    def test_no_other_answer_tells_the_version_better(self, chroma: ChromaServer) -> None:
        with chroma.client() as client:
            answers = [client.get(path) for path in ("/api/v2/version", "/api/v2/pre-flight-checks", "/openapi.json")]
        told = "".join(f"{answer.raise_for_status().headers} {answer.text}" for answer in answers)
        assert (chroma.generation.version in told) == (chroma.generation is OLD)

    def test_an_unreadable_token_is_our_own_inability(self, chroma: ChromaServer, tmp_path: Path) -> None:
        with pytest.raises(SecretError):
            read(chroma.default.service(token_file=str(tmp_path / "none")))


class TestReplayed:
    @pytest.fixture
    def recorded(self, replay: Replay) -> Replay:
        for name in ("v2_version", "v2_tenant", "v2_collections_count", "v2_collections"):
            recording = json.loads((CAPTURES / "1.5.9" / f"{name}.json").read_text())
            answer = recording["answers"]["no_auth_configured"]
            replay.get(recording["request"]["path"], reply_json(answer["body"], answer["status"]))
            if name == "v2_collections":
                for collection in answer["body"]:
                    replay.get(f"{DATABASE}/collections/{collection['id']}/count", reply_json(len(collection["name"])))
        return replay

    def test_version_1_serves_everybody_and_that_is_said(self, recorded: Replay) -> None:
        assert read(service_at(recorded.url)) == {
            **about("1.x (says 1.0.0)", guards=False),
            **contents(docs_main=len("docs_main"), empty_one=len("empty_one")),
            **dimensions(docs_main=384),
        }

    def test_a_version_that_says_more_is_believed(self, recorded: Replay) -> None:
        recorded.get("/api/v2/version", reply_json("1.6.0"))
        assert set(about("1.6.0", guards=False)) < set(read(service_at(recorded.url)))

    def test_whether_data_is_guarded_is_not_guessed_from_a_failure(self, recorded: Replay) -> None:
        recorded.get("/api/v2/tenants/default_tenant", reply(500))
        assert not any("auth_enforced" in series for series in read(service_at(recorded.url)))

    def test_a_collection_deleted_while_we_look_is_left_out(self, recorded: Replay) -> None:
        first = next(path for _, path in recorded.routes if path.endswith("/count"))
        recorded.get(first, reply(404))
        found = read(service_at(recorded.url))
        assert found['ragpulse_chroma_collections{service="chroma"}'] == 2
        assert sum("collection_records" in series for series in found) == 1

    def test_records_of_the_first_hundred_collections_by_name_are_counted(self, recorded: Replay) -> None:
        collections = [{"name": f"c{number:03}", "id": f"id-{number}"} for number in reversed(range(120))]
        recorded.get(f"{DATABASE}/collections_count", reply_json(120))
        recorded.get(f"{DATABASE}/collections", reply_json(collections))
        for entry in collections:
            recorded.get(f"{DATABASE}/collections/{entry['id']}/count", reply_json(1))
        found = read(service_at(recorded.url))
        assert listed(120, left_out=20).items() < found.items()
        counted = {series for series in found if "collection_records" in series}
        assert counted == set(records(**{f"c{number:03}": 1.0 for number in range(MAX_COLLECTIONS)}))

    @pytest.mark.parametrize(
        ("path", "answer"),
        [
            pytest.param("/api/v2/version", {"version": "2.0"}, id="a version that is no string"),
            pytest.param(f"{DATABASE}/collections_count", True, id="a count that is no number"),
            pytest.param(f"{DATABASE}/collections", {"collections": []}, id="a list that is an object"),
            pytest.param(f"{DATABASE}/collections", [{"name": "docs_main"}], id="a collection without an id"),
            pytest.param(f"{DATABASE}/collections", ["docs_main"], id="a collection that is only a name"),
        ],
    )
    def test_an_answer_of_unknown_shape_is_our_own_inability(self, recorded: Replay, path: str, answer: Any) -> None:
        recorded.get(path, reply_json(answer))
        with pytest.raises(SourceError, match="Chroma"):
            read(service_at(recorded.url))

    def test_a_page_of_something_else_is_our_own_inability(self, recorded: Replay) -> None:
        recorded.get(f"{DATABASE}/collections", reply(200, b"<html>"))
        with pytest.raises(SourceError, match="not JSON"):
            read(service_at(recorded.url))


def test_a_server_that_cannot_be_reached_says_nothing_and_is_no_error_of_ours(replay: Replay) -> None:
    with refusing_url() as url:
        assert read(service_at(url)) == {}
    replay.get("/api/v2/version", hang)
    assert read(service_at(replay.url), QUICK) == {}

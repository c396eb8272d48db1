"""What the recall canary says of real servers of both generations: of an index that is whole, thinned, or not there."""

import random
import shutil
from pathlib import Path
from typing import Any

from exporters.chroma_recall import RecallSource
from exporters.chroma_store import Store
from exporters.golden_writer import write_golden
from ragpulse import golden
from ragpulse.catalogue.chroma_recall import STATES
from ragpulse.golden import DEFAULT_COLLECTION
from ragpulse.services import Chroma, ChromaCanary
from tests.fakes.chroma_database import Database
from tests.fakes.chroma_server import ChromaServer, each_chroma
from tests.fakes.http_replay import refusing_url
from tests.fakes.readings import by_series, failures, requests

OWN = golden.own()


def source_of(chroma: Chroma, **keys: Any) -> RecallSource:
    return RecallSource("chroma", chroma, ChromaCanary.model_validate(keys))


def written(database: Database) -> Store:
    store = Store("chroma", database.service(), DEFAULT_COLLECTION)
    write_golden(store, lambda _: None)
    return store


def said(source: RecallSource) -> dict[str, float]:
    """Without what is 0 of the states."""
    found = by_series(source.read())
    states = {series for series in found if "canary_state" in series}
    assert len(states) in (0, len(STATES))
    return {series: value for series, value in found.items() if series not in states or value}


def of(state: str, recall_1: float, recall_10: float, **drifts: float) -> dict[str, float]:
    names = {"rank": "ragpulse_chroma_rank_drift_places", "distance": "ragpulse_chroma_distance_drift_ratio"}
    return {
        'ragpulse_chroma_recall_ratio{service="chroma",k="1"}': recall_1,
        'ragpulse_chroma_recall_ratio{service="chroma",k="10"}': recall_10,
        f'ragpulse_chroma_canary_state{{service="chroma",state="{state}"}}': 1.0,
        **{f'{names[name]}{{service="chroma"}}': value for name, value in drifts.items()},
    }


def delete(database: Database, ids: list[str]) -> None:
    with database.server.client() as client:
        database.post(client, DEFAULT_COLLECTION, "delete", {"ids": ids})


WHOLE = of("asked", 1.0, 1.0, rank=0.0, distance=0.0)
GONE = {state: of(state, 0.0, 0.0) for state in STATES}


@each_chroma
class TestTheSetOfOurOwn:
    def test_a_hundred_runs_on_a_whole_index_say_the_same(self, database: Database) -> None:
        written(database)
        source = source_of(database.service())
        assert [said(source) for _ in range(100)] == [WHOLE] * 100
        assert requests(source.counters()) == {"recall": 100}
        assert failures(source.counters()) == {}

    def test_a_twentieth_of_its_records_deleted_is_told_exactly_at_the_next_run(self, database: Database) -> None:
        written(database)
        source = source_of(database.service())
        assert said(source) == WHOLE
        gone = random.Random(5).sample(sorted(golden.own_records()), golden.RECORDS // 20)  # noqa: S311 - no secret
        delete(database, gone)
        found = said(source)
        for k in (1, 10):
            left = sum(identity not in gone for query in OWN.queries for identity in query.ids[:k])
            expected = left / (k * len(OWN.queries))
            assert 0.9 < expected < 1
            assert found[f'ragpulse_chroma_recall_ratio{{service="chroma",k="{k}"}}'] == expected
        # Those behind a deleted one have moved up; what is told of their distance is right.
        assert 0 < found['ragpulse_chroma_rank_drift_places{service="chroma"}'] < 1
        assert found['ragpulse_chroma_distance_drift_ratio{service="chroma"}'] == 0

    def test_what_is_written_again_is_whole_again(self, database: Database) -> None:
        store = written(database)
        delete(database, sorted(golden.own_records())[::20])
        assert write_golden(store, lambda _: None) == golden.RECORDS // 20
        assert said(source_of(database.service())) == WHOLE

    def test_a_collection_that_is_missing_foreign_empty_or_of_other_vectors_is_a_number_and_a_reason(
        self, database: Database
    ) -> None:
        source = source_of(database.service())
        assert said(source) == GONE["missing"]
        database.write({DEFAULT_COLLECTION: (20, golden.DIMENSION)})
        assert said(source) == GONE["foreign"]
        database.delete(DEFAULT_COLLECTION)
        Store("chroma", database.service(), DEFAULT_COLLECTION).make({golden.MARK: golden.SET})
        assert said(source) == GONE["empty"]
        database.write({DEFAULT_COLLECTION: (20, golden.DIMENSION + 1)})
        assert said(source) == GONE["changed"]
        assert failures(source.counters()) == {("recall", "mismatch"): 4}

    def test_records_that_all_are_gone_are_a_recall_of_0(self, database: Database) -> None:
        written(database)
        delete(database, sorted(golden.own_records()))
        assert said(source_of(database.service())) == of("asked", 0.0, 0.0)

    def test_another_vector_under_the_same_id_moves_the_distance(self, database: Database) -> None:
        written(database)
        query = OWN.queries[0]
        with database.server.client() as client:
            nearest = {"ids": [query.ids[1]], "embeddings": [query.vector]}
            database.post(client, DEFAULT_COLLECTION, "update", nearest)
        found = said(source_of(database.service()))
        assert found['ragpulse_chroma_recall_ratio{service="chroma",k="1"}'] == 1 - 1 / len(OWN.queries)
        drift = found['ragpulse_chroma_distance_drift_ratio{service="chroma"}']
        assert drift == query.distances[1] / OWN.mean_distance
        assert found['ragpulse_chroma_rank_drift_places{service="chroma"}'] > 0

    def test_nothing_is_made_changed_or_deleted_by_asking(self, database: Database) -> None:
        before = database.contents()
        source = source_of(database.service())
        for _ in range(3):
            said(source)
        assert database.contents() == before == {}
        written(database)
        before = database.contents()
        for _ in range(3):
            said(source)
        assert database.contents() == before == {DEFAULT_COLLECTION: golden.RECORDS}


@each_chroma
def test_a_damaged_index_is_a_number_and_a_server_that_is_away_is_none(own_chroma: ChromaServer) -> None:
    written(own_chroma.default)
    source = source_of(own_chroma.default.service())
    assert said(source) == WHOLE
    # Both write the index down after a thousand records, and read it again at the next start.
    own_chroma.stop()
    assert said(source) == {}
    for vectors in own_chroma.data.glob("*/data_level0.bin"):
        vectors.write_bytes(b"\0" * vectors.stat().st_size)
    own_chroma.start()
    assert said(source) == GONE["damaged"]
    assert failures(source.counters()) == {("recall", "connect"): 1, ("recall", "http_5xx"): 1}
    # Its folder removed whole, it answers as if (next to) nothing had ever been stored: that is a number alone.
    own_chroma.stop()
    for folder in own_chroma.data.glob("*/"):
        shutil.rmtree(folder)
    own_chroma.start()
    found = said(source)
    assert found['ragpulse_chroma_canary_state{service="chroma",state="asked"}'] == 1
    assert found['ragpulse_chroma_recall_ratio{service="chroma",k="10"}'] <= 0.01


def test_a_server_that_cannot_be_reached_is_no_recall_of_0() -> None:
    with refusing_url() as url:
        source = source_of(Chroma(kind="chroma", nodes=("sark",), url=url))
        assert said(source) == {}
        assert failures(source.counters()) == {("recall", "connect"): 1}


@each_chroma
def test_a_token_that_is_refused_is_a_failure_and_no_recall(chroma: ChromaServer, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wrong")
    source = source_of(chroma.default.service(token_file=str(tmp_path / "wrong")))
    guards = chroma.generation.guards
    assert said(source) == ({} if guards else GONE["missing"])
    assert failures(source.counters()) == {("recall", "auth" if guards else "mismatch"): 1}

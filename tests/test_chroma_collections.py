"""Collections that come, go, change and are many, on real servers of both generations, in a tenant and database of
their own: what the source counts and the probe asks for."""

from dataclasses import replace
from itertools import islice

import pytest

from exporters.chroma_probe import ChromaProbe
from exporters.chroma_source import MAX_COLLECTIONS, ChromaSource
from exporters.probe import ServiceProbe
from exporters.source import SourceError
from ragpulse.catalogue.chroma import COLLECTION_DIMENSION, COLLECTION_RECORDS
from tests.fakes.chroma_database import Database
from tests.fakes.chroma_server import each_chroma
from tests.fakes.readings import by_series, failures, requests
from tests.fakes.watched import plan

pytestmark = each_chroma


def source_of(database: Database, /, **wrong: str) -> ChromaSource:
    # All collections are counted in one run, however busy the machine is.
    return ChromaSource(replace(plan("chroma"), interval=120.0), database.service(**wrong))


def counted(database: Database) -> tuple[float | None, dict[str, float]]:
    """(collections, records by name) of one run."""
    found = by_series(source_of(database).read())
    records = {
        series.split('collection="')[1].removesuffix('"}'): value
        for series, value in found.items()
        if series.startswith(COLLECTION_RECORDS.name)
    }
    return found.get('ragpulse_chroma_collections{service="chroma"}'), records


def asking(database: Database, collection: str = "documents") -> ServiceProbe:
    return ChromaProbe(plan("chroma"), database.service(collection))


def outcomes(probe: ServiceProbe, runs: int = 1) -> dict[tuple[str, str], float]:
    """Failures after so many more runs."""
    for _ in range(runs):
        tuple(probe.read())
    return failures(probe.counters())


class TestTheSource:
    def test_one_database_is_counted_and_not_its_neighbours(self, database: Database) -> None:
        assert counted(database) == (0, {})
        longest = "A." + "x-_9" * 15 + "z"
        database.write({longest: (2, 3), "empty_one": (0, 0)})
        assert counted(database) == (2, {longest: 2, "empty_one": 0})

    def test_the_first_hundred_by_name_are_counted_one_by_one(self, database: Database) -> None:
        names = [f"c{number:03}" for number in range(150)]
        database.write(dict.fromkeys(reversed(names), (0, 0)))
        assert counted(database) == (150, dict.fromkeys(names[:MAX_COLLECTIONS], 0))

    def test_a_collection_deleted_after_it_was_listed_is_left_out(self, database: Database) -> None:
        database.write({"first": (1, 2), "gone": (2, 2), "last": (3, 2)})
        source = source_of(database)
        with source._client:
            contents = source._contents()
            begun = list(islice(contents, 3))  # how many there are, how many are left out, and the first
            database.delete("gone")
            found = [sample for sample in (*begun, *contents) if sample.metric is not COLLECTION_DIMENSION]
            assert [sample.value for sample in found] == [3, 0, 1, 3]
        assert counted(database) == (2, {"first": 1, "last": 3})

    @pytest.mark.parametrize("wrong", ["tenant", "database"])
    def test_a_database_that_does_not_exist_is_not_an_empty_one(self, database: Database, wrong: str) -> None:
        source = source_of(database, **{wrong: "mistyped"})
        with pytest.raises(SourceError, match=r"has no database .*mistyped"):
            source.read()


class TestTheProbe:
    def test_a_collection_that_gets_its_first_vector_can_be_asked(self, database: Database) -> None:
        database.write({"documents": (0, 0)})
        probe = asking(database)
        assert outcomes(probe) == {("query", "invalid"): 1}
        database.write({"documents": (1, 4)})
        assert outcomes(probe) == {("query", "invalid"): 1}

    def test_a_collection_that_has_lost_its_records_still_answers(self, database: Database) -> None:
        database.write({"documents": (3, 4)})
        probe = asking(database)
        assert outcomes(probe) == {}
        database.empty("documents", 3)
        assert outcomes(probe) == {}

    @pytest.mark.parametrize("dimension", [4, 7], ids=["as it was", "with another dimension"])
    def test_a_collection_made_anew_is_looked_up_within_the_run(self, database: Database, dimension: int) -> None:
        database.write({"documents": (3, 4)})
        probe = asking(database)
        assert outcomes(probe) == {}
        database.delete("documents")
        database.write({"documents": (3, dimension)})
        assert outcomes(probe, runs=2) == {}
        assert requests(probe.counters())["query"] == 2, "the one that loaded another index is none of them"

    def test_a_deleted_collection_fails_in_each_run_until_it_is_back(self, database: Database) -> None:
        database.write({"documents": (3, 4)})
        probe = asking(database)
        assert outcomes(probe) == {}
        database.delete("documents")
        assert outcomes(probe, runs=2) == {("query", "invalid"): 2}
        database.write({"documents": (3, 4)})
        assert outcomes(probe) == {("query", "invalid"): 2}

    def test_a_tenant_that_does_not_exist_is_not_ready(self, database: Database) -> None:
        probe = ChromaProbe(plan("chroma"), database.service(tenant="mistyped"))
        assert outcomes(probe) == {("ready", "http_4xx"): 1}

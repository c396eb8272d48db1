"""What Chroma's data take on disk, on real servers of both generations and in folders of other ages."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from exporters import chroma_files, chroma_sqlite
from exporters.chroma_disk import READ_EVERY, ChromaDisk
from exporters.source import PartError, SourceError
from ragpulse.catalogue.chroma import DATA_KINDS, STATES
from ragpulse.metric import Sample
from tests.fakes.chroma_server import ChromaServer, each_chroma
from tests.fakes.readings import by_series
from tests.fakes.running import ROOT, until
from tests.fakes.sources import Clock

ORPHAN = "0b1c2d3e-0000-4000-8000-123456789abc"


def named(metric: str, **labels: str) -> str:
    text = ",".join(f'{name}="{value}"' for name, value in {"service": "chroma", **labels}.items())
    return f"ragpulse_chroma_{metric}{{{text}}}"


def by_hand(folder: Path) -> dict[str, int]:
    """Bytes of the database file and of all folders below."""
    return {
        "sqlite": (folder / "chroma.sqlite3").stat().st_size,
        "hnsw": sum(file.stat().st_size for file in folder.glob("*/*")),
    }


@each_chroma
class TestARealServer:
    def test_sizes_room_and_folders_are_what_stat_says(self, chroma: ChromaServer) -> None:
        disk = ChromaDisk("chroma", chroma.data)
        found: dict[str, float] = {}

        def agrees() -> bool:  # it may still be writing what another test has given it
            found.update(by_series(disk.read()))
            sizes = {**by_hand(chroma.data), "wal": 0, "leftover": 0, "other": 0}
            return all(found[named("data_bytes", kind=kind)] == size for kind, size in sizes.items())

        until(agrees, "the sizes")
        folders = [entry for entry in chroma.data.iterdir() if entry.is_dir()]
        assert found[named("hnsw_directories")] == len(folders) >= 2
        assert found[named("data_changed_timestamp_seconds")] == (chroma.data / "chroma.sqlite3").stat().st_mtime
        assert 0 < found[named("filesystem_available_bytes")] <= found[named("filesystem_bytes")]
        with closing(sqlite3.connect(f"file:{chroma.data}/chroma.sqlite3?mode=ro", uri=True)) as database:
            free, page = (database.execute(f"PRAGMA {what}").fetchone()[0] for what in ("freelist_count", "page_size"))
        assert found[named("database_free_bytes")] == free * page
        assert chroma_files.storage(chroma.data) == "sqlite+hnsw"
        assert not any("orphaned" in series or "backlog" in series for series in found), "nobody asked to read it"

    def test_a_deleted_collection_leaves_its_folder_behind_and_that_is_told(self, own_chroma: ChromaServer) -> None:
        own_chroma.default.write({"kept": (120, 4), "deleted": (130, 4)})
        clock = Clock()
        disk = ChromaDisk("chroma", own_chroma.data, read_database=True, clock=clock)
        before = by_series(disk.read())
        assert before[named("orphaned_directories")] == before[named("orphaned_bytes")] == 0
        assert before[named("wal_backlog_records")] == 250, "below 1000 records in a collection none is taken over"
        own_chroma.default.delete("deleted")
        clock.advance(READ_EVERY - 1)
        assert by_series(disk.read())[named("orphaned_directories")] == 0, "it is not read again yet"
        clock.advance(1)
        after = by_series(disk.read())
        assert after[named("orphaned_directories")] == 1
        assert 0 < after[named("orphaned_bytes")] < after[named("data_bytes", kind="hnsw")]
        assert after[named("hnsw_directories")] == before[named("hnsw_directories")] == 2

    def test_a_locked_database_costs_only_what_stands_in_its_tables(self, chroma: ChromaServer) -> None:
        disk = ChromaDisk("chroma", chroma.data, read_database=True)
        found: list[Sample] = []
        with chroma.locked(), pytest.raises(PartError, match=r"chroma\.sqlite3: database is locked"):
            found.extend(disk.read())
        assert named("database_free_bytes") in by_series(found)
        assert named("orphaned_directories") not in by_series(found)
        assert named("orphaned_directories") in by_series(disk.read()), "the next run reads it"

    def test_reading_it_holds_no_transaction(self, chroma: ChromaServer) -> None:
        disk = ChromaDisk("chroma", chroma.data, read_database=True)
        readings = iter(disk.read())
        for _ in readings:  # also between two samples
            with chroma.locked():
                pass


class TestOtherFolders:
    def test_what_duckdb_has_left_behind_is_told_as_that(self, tmp_path: Path) -> None:
        for name in ("chroma-collections.parquet", "chroma-embeddings.parquet"):
            (tmp_path / name).write_bytes(b"x" * 100)
        (tmp_path / "index").mkdir()
        (tmp_path / "index" / "id_to_uuid.pkl").write_bytes(b"x" * 50)
        (tmp_path / "notes.txt").write_bytes(b"x" * 7)
        found = by_series(ChromaDisk("chroma", tmp_path).read())
        assert found[named("data_bytes", kind="leftover")] == 250
        assert found[named("data_bytes", kind="other")] == 7
        assert chroma_files.storage(tmp_path) == "duckdb+parquet"
        (tmp_path / "chroma.sqlite3").touch()
        assert chroma_files.storage(tmp_path) == "sqlite"

    def test_an_empty_folder_is_of_no_known_kind(self, tmp_path: Path) -> None:
        found = by_series(ChromaDisk("chroma", tmp_path).read())
        assert found[named("data_bytes", kind="sqlite")] == 0
        assert named("data_changed_timestamp_seconds") not in found
        assert chroma_files.storage(tmp_path) == "unknown"

    def test_a_journal_counts_by_itself(self, tmp_path: Path) -> None:
        (tmp_path / "chroma.sqlite3-journal").write_bytes(b"x" * 40)
        assert by_series(ChromaDisk("chroma", tmp_path).read())[named("data_bytes", kind="wal")] == 40

    def test_a_link_is_not_followed_out_of_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / ORPHAN).symlink_to(tmp_path)
        found = by_series(ChromaDisk("chroma", tmp_path / "data").read())
        assert found[named("hnsw_directories")] == 0
        assert found[named("data_bytes", kind="other")] == len(str(tmp_path))

    def test_a_file_that_is_no_database_costs_only_itself(self, tmp_path: Path) -> None:
        (tmp_path / "chroma.sqlite3").write_bytes(b"no database" * 20)
        with pytest.raises(PartError, match=r"chroma\.sqlite3: is no SQLite database"):
            list(ChromaDisk("chroma", tmp_path).read())

    def test_a_folder_that_is_not_there_has_no_size_and_no_kind(self, tmp_path: Path) -> None:
        assert not list(ChromaDisk("chroma", tmp_path / "none").read())
        assert chroma_files.storage(tmp_path / "none") == "unknown"

    def test_a_folder_that_cannot_be_listed_is_our_own_inability(self, tmp_path: Path) -> None:
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        with pytest.raises(SourceError, match=r"loop: Too many levels .*; the agent must be able to list it"):
            list(ChromaDisk("chroma", tmp_path / "loop").read())


class TestTheLog:
    """A database with a log of many records, made as Chroma makes it."""

    @pytest.fixture
    def database(self, tmp_path: Path) -> Path:
        file = tmp_path / "chroma.sqlite3"
        with closing(sqlite3.connect(file)) as made, made:
            made.execute("CREATE TABLE segments (id TEXT PRIMARY KEY, scope TEXT)")
            made.execute("CREATE TABLE embeddings_queue (seq_id INTEGER PRIMARY KEY, topic TEXT)")
        return file

    def fill(self, database: Path, records: int) -> None:
        with closing(sqlite3.connect(database)) as made, made:
            made.executemany("INSERT INTO embeddings_queue (topic) VALUES (?)", (("t",) for _ in range(records)))

    @pytest.mark.parametrize("records", [0, 1, 999, 1000, 2500])
    def test_every_record_is_counted(self, database: Path, records: int) -> None:
        self.fill(database, records)
        assert chroma_sqlite.backlog(database) == records

    def test_holes_are_no_records(self, database: Path) -> None:
        self.fill(database, 1500)
        with closing(sqlite3.connect(database)) as made, made:
            made.execute("DELETE FROM embeddings_queue WHERE seq_id BETWEEN 10 AND 1400")
        assert chroma_sqlite.backlog(database) == 109

    def test_beyond_its_most_nobody_goes_on(self, database: Path) -> None:
        self.fill(database, chroma_sqlite.MOST_RECORDS + 1)
        assert chroma_sqlite.backlog(database) == chroma_sqlite.MOST_RECORDS

    def test_tables_of_another_version_are_our_own_inability(self, tmp_path: Path) -> None:
        sqlite3.connect(tmp_path / "chroma.sqlite3").close()
        with pytest.raises(SourceError, match="no such table: segments"):
            chroma_sqlite.segments(tmp_path / "chroma.sqlite3")


DOCUMENT = (ROOT / "docs" / "chroma.md").read_text()


def test_the_document_names_every_state_and_every_kind_of_file() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.MULTILINE)
    assert sorted(rows) == sorted((*STATES, *DATA_KINDS))


def test_the_orphans_that_the_document_lists_are_those_that_are_counted(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "chroma.sqlite3")) as made, made:
        made.execute("CREATE TABLE segments (id TEXT PRIMARY KEY, scope TEXT)")
        made.execute("CREATE TABLE embeddings_queue (seq_id INTEGER PRIMARY KEY, topic TEXT)")
        made.execute("INSERT INTO segments VALUES (?, 'VECTOR')", (ORPHAN.replace("0b", "0a"),))
    for name in (ORPHAN, ORPHAN.replace("0b", "0a"), "notes"):
        (tmp_path / name).mkdir()
    (script,) = re.findall(r"<<'END'\n(.*?)END\n", DOCUMENT, re.DOTALL)
    listed = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert listed.stdout.split() == [ORPHAN]
    assert by_series(ChromaDisk("chroma", tmp_path, read_database=True).read())[named("orphaned_directories")] == 1

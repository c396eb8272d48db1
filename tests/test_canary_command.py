"""`ragpulse canary` on real servers of both generations: written once, completed, never into what is another's."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from exporters.chroma_recall import RecallSource
from exporters.chroma_store import Store
from exporters.golden_reader import NoGoldenError, read_golden
from exporters.golden_writer import NotOursError, write_golden
from ragpulse import __main__, golden, golden_file
from ragpulse.golden import DEFAULT_COLLECTION
from ragpulse.services import ChromaCanary
from tests.fakes.chroma_database import Database
from tests.fakes.chroma_server import ChromaServer, each_chroma
from tests.fakes.http_replay import refusing_url
from tests.fakes.readings import by_series

Called = Callable[..., tuple[int, str, str]]
EXACT = {
    'ragpulse_chroma_recall_ratio{service="chroma",k="1"}': 1.0,
    'ragpulse_chroma_recall_ratio{service="chroma",k="10"}': 1.0,
    'ragpulse_chroma_rank_drift_places{service="chroma"}': 0.0,
}


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    def called(*arguments: str | Path) -> tuple[int, str, str]:
        """(exit status, what was said, what went wrong)"""
        monkeypatch.setattr("sys.argv", ["ragpulse", "canary", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return called


def config_of(folder: Path, database: Database, canary: str) -> Path:
    service = database.service()
    written = {
        "url": service.url, "token_file": service.token_file, "tenant": service.tenant, "database": service.database,
    }  # fmt: skip
    keys = ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in written.items())
    return config(folder, f"chroma: {{kind: chroma, nodes: [sark], {keys}, canary: {canary}}}")


def config(folder: Path, services: str) -> Path:
    file = folder / "cluster.yaml"
    file.write_text(f"cluster: tron\nnodes: {{sark: {{address: 192.0.2.69}}}}\nservices:\n  {services}\n")
    return file


@each_chroma
class TestInit:
    def test_a_second_time_there_is_nothing_to_do(self, database: Database, tmp_path: Path, call: Called) -> None:
        file = config_of(tmp_path, database, "{}")
        code, said, wrong = call("init", "--config", file)
        assert (code, wrong) == (0, "")
        assert said.splitlines() == [
            "making the collection ragpulse-canary",
            *(f"ragpulse-canary: {count} of 1000 records" for count in (250, 500, 750, 1000)),
            "chroma: ragpulse-canary holds 1000 records, 1000 of them added now",
        ]
        before = database.contents()
        assert before == {DEFAULT_COLLECTION: golden.RECORDS}
        assert call("init", "--config", file, "chroma") == (
            0,
            "chroma: ragpulse-canary holds 1000 records, none of them added now\n",
            "",
        )
        assert database.contents() == before

    def test_what_an_interrupted_run_has_left_is_completed(self, database: Database) -> None:
        store = Store("chroma", database.service(), "left-behind")

        def interrupt(step: str) -> None:
            if "500 of" in step:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_golden(store, interrupt)
        assert database.contents() == {"left-behind": 500}
        steps: list[str] = []
        assert write_golden(store, steps.append) == 500
        assert steps == [f"left-behind: {count} of 1000 records" for count in (750, 1000)]
        assert database.contents() == {"left-behind": 1000}

    def test_no_request_holds_more_records_than_the_server_takes(self, database: Database) -> None:
        class TakesFew(Store):
            def most_at_once(self) -> int:
                assert super().most_at_once() > 250  # of real servers no limit is as low as our own
                return 240

        steps: list[str] = []
        write_golden(TakesFew("chroma", database.service(), DEFAULT_COLLECTION), steps.append)
        counts = (240, 480, 720, 960, 1000)
        assert steps[1:] == [f"{DEFAULT_COLLECTION}: {count} of 1000 records" for count in counts]

    def test_a_collection_of_somebody_else_is_left_as_it_is(
        self, database: Database, tmp_path: Path, call: Called
    ) -> None:
        database.write({"documents": (7, 5)})
        code, said, wrong = call("init", "--config", config_of(tmp_path, database, "{collection: documents}"))
        assert (code, said) == (1, "")
        assert wrong == (
            f"chroma ({database.server.url}): the collection documents is not one that ragpulse has made, and nothing"
            " was written; name another under canary.collection\n"
        )
        assert database.contents() == {"documents": 7}

    def test_strangers_in_our_collection_are_told_of_and_stay(self, database: Database) -> None:
        store = Store("chroma", database.service(), DEFAULT_COLLECTION)
        write_golden(store, lambda _: None)
        with database.server.client() as client:
            stranger = {"ids": ["stranger"], "embeddings": [[1.0] * golden.DIMENSION]}
            database.post(client, DEFAULT_COLLECTION, "add", stranger)
        with pytest.raises(NotOursError, match=r"holds records that are not of the golden set \(1\)"):
            write_golden(store, lambda _: None)
        assert database.contents() == {DEFAULT_COLLECTION: golden.RECORDS + 1}


@each_chroma
class TestGolden:
    @pytest.mark.parametrize("space", ["l2", "cosine", "ip"])
    def test_a_golden_file_of_a_collection_is_found_exactly_by_its_server(
        self, database: Database, tmp_path: Path, call: Called, space: str
    ) -> None:
        Store("chroma", database.service(), "documents").make({"hnsw:space": space, "hnsw:search_ef": 100})
        database.write({"documents": (120, 8)})
        out = tmp_path / "golden.json"
        canary = f"{{collection: documents, golden_file: {out}}}"
        code, said, wrong = call("golden", "--config", config_of(tmp_path, database, canary), "--queries", "15")
        assert (code, wrong) == (0, "")
        assert said.splitlines()[-1] == f"chroma: {out} asks 15 queries of documents"
        asked = ChromaCanary.model_validate({"collection": "documents", "golden_file": str(out)})
        source = RecallSource("chroma", database.service(), asked)
        found = by_series(source.read())
        assert found.items() > EXACT.items()
        assert found['ragpulse_chroma_distance_drift_ratio{service="chroma"}'] < 1e-5
        # Made anew it is the same, and a file that has changed is read again.
        before = out.read_text()
        assert call("golden", "--config", config_of(tmp_path, database, canary), "--queries", "15")[0] == 0
        assert out.read_text() == before
        known = golden_file.read(out, "documents")
        golden_file.write(out, "documents", golden.Golden(known.queries[:1]))
        database.empty("documents", 120)
        again = by_series(source.read())
        assert again['ragpulse_chroma_recall_ratio{service="chroma",k="10"}'] == 0

    def test_collections_without_clear_neighbours_are_refused(self, database: Database) -> None:
        database.write({"few": (10, 4), "empty_one": (0, 0)})
        with database.server.client() as client:
            alike = {"ids": [str(number) for number in range(40)], "embeddings": [[1.0, 2.0]] * 40}
            database.write({"alike": (0, 0)})
            database.post(client, "alike", "add", alike)
        for name, said in {
            "none": "there is no collection none",
            "few": "few holds 10 records; at least 11 are needed",
            "empty_one": "empty_one holds 0 records; at least 11 are needed",
            "alike": "the records of alike are too alike: none has clear neighbours",
        }.items():
            with pytest.raises(NoGoldenError) as refused:
                read_golden(Store("chroma", database.service(), name), 20, lambda _: None)
            assert str(refused.value) == f"chroma ({database.server.url}): {said}"


@pytest.mark.parametrize(
    ("services", "arguments", "said"),
    [
        pytest.param(
            "chroma: {kind: chroma, nodes: [sark], url: 'http://127.0.0.1:1'}", ["init"],
            "no ChromaDB with a canary; write `canary: {}` into one", id="no canary",
        ),
        pytest.param(
            "chroma: {kind: chroma, nodes: [sark], url: 'http://127.0.0.1:1', canary: {}}", ["init", "croma"],
            "has no croma; it has: chroma", id="an unknown service",
        ),
        pytest.param(
            "chroma: {kind: chroma, nodes: [sark], url: 'http://127.0.0.1:1', canary: {}}", ["golden"],
            "the canary of chroma has no golden_file; `ragpulse canary init` writes what it asks for", id="no file",
        ),
        pytest.param(
            "chroma: {kind: chroma, nodes: [sark], url: 'http://127.0.0.1:1',"
            " canary: {collection: abc, golden_file: /a}}", ["init"],
            "the canary of chroma has a golden_file; `ragpulse canary golden` makes that", id="a file",
        ),
    ],
)  # fmt: skip
def test_what_the_cluster_file_does_not_ask_for_is_one_line_and_status_2(
    tmp_path: Path, call: Called, services: str, arguments: list[str], said: str
) -> None:
    file = config(tmp_path, services)
    assert call(*arguments, "--config", file) == (2, "", f"{file}: services: {said}\n")


def test_a_file_that_is_no_golden_file_is_left_as_it_is(tmp_path: Path, call: Called) -> None:
    other = tmp_path / "thesis.txt"
    other.write_text("the only copy")
    canary = f"{{collection: documents, golden_file: {other}}}"
    file = config(tmp_path, f"chroma: {{kind: chroma, nodes: [sark], url: 'http://127.0.0.1:1', canary: {canary}}}")
    code, said, wrong = call("golden", "--config", file)
    assert (code, said) == (2, "")
    assert wrong == f"{other}: is not JSON; it was left as it is: remove it first\n"
    assert other.read_text() == "the only copy"


def test_a_server_that_is_away_is_one_line_and_status_1(tmp_path: Path, call: Called) -> None:
    with refusing_url() as url:
        file = config(tmp_path, f"chroma: {{kind: chroma, nodes: [sark], url: '{url}', canary: {{}}}}")
        for arguments in (["init"], ["init", "--wait", "0.1"]):
            code, said, wrong = call(*arguments, "--config", file)
            assert (code, said) == (1, "")
            assert wrong.startswith(f"chroma ({url}): ")
            assert wrong.endswith("; is it running, and is its url right?\n")
            assert len(wrong.splitlines()) == 1


@each_chroma
def test_a_token_that_is_refused_is_one_line_and_status_1(chroma: ChromaServer, tmp_path: Path, call: Called) -> None:
    (tmp_path / "wrong").write_text("wrong")
    file = config(
        tmp_path,
        f"chroma: {{kind: chroma, nodes: [sark], url: '{chroma.url}', token_file: {tmp_path / 'wrong'},"
        " canary: {collection: documents}}",
    )
    code, said, wrong = call("init", "--config", file)
    assert (code, said) == (1, "")
    if chroma.generation.guards:
        assert wrong == (
            f"chroma ({chroma.url}): HTTP 403; it refuses our token: look at token_file, token_header and"
            " token_prefix\n"
        )
    else:
        assert "is not one that ragpulse has made" in wrong

"""What Chroma is doing: one verdict at each look, on real servers of both generations, each in its kind of trouble."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from exporters.chroma_process import ChromaProcess
from exporters.chroma_state import ROOM_FOR_A_BATCH, SLOW, ChromaState
from ragpulse.services import Chroma
from tests.fakes.chroma_server import ChromaServer, Generation, each_chroma
from tests.fakes.confined import WITHOUT_RIGHTS
from tests.fakes.http_replay import Behaviour, Conversation, Replay, refusing_url, reply, reply_json
from tests.fakes.readings import by_series
from tests.fakes.running import ROOT, until
from tests.fakes.watched import PATIENT, QUICK, plan

MIB = 2**20
WELL = ("serving", "slow")  # on a machine that is busy with other tests
LOOK = """
import sys
from exporters.chroma_state import ChromaState
from exporters.source import PartError
from ragpulse.services import Chroma
from tests.fakes.watched import plan

try:
    for sample in ChromaState(plan("chroma"), Chroma.model_validate_json(sys.argv[1])).read():
        if sample.value:
            print(sample.labels[-1])
except PartError as error:
    print(error)
"""


def source(service: Chroma, request_timeout: float = PATIENT) -> ChromaState:
    return ChromaState(plan("chroma", request_timeout=request_timeout), service)


def verdict(state: ChromaState) -> str:
    """The one state of a look."""
    (found,) = [
        series.split('state="')[1].removesuffix('"}')
        for series, value in by_series(state.read()).items()
        if series.startswith("ragpulse_chroma_state") and value
    ]
    return found


@pytest.fixture
def on_a_small_disk(generation: Generation, tmp_path: Path) -> Iterator[ChromaServer]:
    server = ChromaServer(tmp_path, generation)
    try:
        server.start_on_a_small_disk("128m")
        yield server
    finally:
        server.stop()


@each_chroma
class TestARealServer:
    def test_one_that_is_well_serves_and_its_process_is_known(self, chroma: ChromaServer) -> None:
        state = source(chroma.default.service())
        assert verdict(state) in WELL
        found = by_series(state.read())
        assert sum(value for series, value in found.items() if "chroma_state" in series) == 1
        resident = int(Path(f"/proc/{chroma.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        assert found['ragpulse_chroma_process_memory_bytes{service="chroma"}'] == pytest.approx(resident, rel=0.1)

    def test_a_locked_one_is_not_a_dead_one(self, chroma: ChromaServer) -> None:
        state, hurried = source(chroma.default.service()), source(chroma.default.service(), 1.5)
        with chroma.locked():
            until(lambda: verdict(hurried) == "locked", "its verdict")
        assert verdict(state) in WELL

    def test_a_transaction_left_open_beside_which_only_reading_works_is_seen_at_the_second_look(
        self, chroma: ChromaServer
    ) -> None:
        state = source(chroma.default.service())
        database = chroma.data / "chroma.sqlite3"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM collections").fetchone()
            assert verdict(state) in WELL
            assert verdict(state) == "locked"
            reader.execute("ROLLBACK")
        assert verdict(state) in WELL

    def test_a_stopped_one_hangs(self, chroma: ChromaServer) -> None:
        state = source(chroma.default.service(), QUICK)
        with chroma.paused():
            assert verdict(state) == "hung"

    def test_a_wrong_token_is_told_where_tokens_are_heeded(self, chroma: ChromaServer, tmp_path: Path) -> None:
        token = tmp_path / "token"
        token.write_text("wrong-token")
        state = source(chroma.default.service(token_file=str(token)))
        assert verdict(state) in (("unauthorized",) if chroma.generation.guards else WELL)

    def test_moved_data_are_seen_at_the_next_look_until_the_server_starts_anew_where_they_are(
        self, own_chroma: ChromaServer
    ) -> None:
        own_chroma.default.write({"documents": (3, 4)})
        state = source(own_chroma.default.service("documents"))
        assert verdict(state) in WELL
        database = own_chroma.data / "chroma.sqlite3"
        database.rename(own_chroma.data / "moved")
        assert verdict(state) == "data_moved"
        # Another file in its place, as 1.5 makes one by itself, does not deceive: the process has the old one open.
        database.write_bytes((own_chroma.data / "moved").read_bytes())
        assert verdict(state) == "data_moved"
        own_chroma.stop()
        assert verdict(state) == "down"
        before = time.time()
        own_chroma.start()
        found = by_series(state.read())
        assert before - 1 < found['ragpulse_chroma_process_start_timestamp_seconds{service="chroma"}'] < time.time()
        own_chroma.data.rename(own_chroma.data.with_name("elsewhere"))
        assert verdict(state) == "data_moved"

    def test_a_full_disk_is_told_while_every_request_is_still_answered(self, on_a_small_disk: ChromaServer) -> None:
        server = on_a_small_disk
        server.default.write({"documents": (3, 4)})
        state = source(server.default.service())
        assert verdict(state) in WELL
        room = os.statvfs(server.data)
        ballast = room.f_bavail * room.f_frsize - ROOM_FOR_A_BATCH + MIB
        with (server.data / "ballast").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, ballast)
        assert verdict(state) == "disk_full"
        (server.data / "ballast").unlink()
        assert verdict(state) in WELL


class TestReplayed:
    """What no real server here does."""

    TENANT = "/api/v2/tenants/default_tenant"

    @pytest.fixture
    def well(self, replay: Replay) -> Replay:
        replay.get("/api/v2/heartbeat", reply_json({"nanosecond heartbeat": 1}))
        replay.get(self.TENANT, reply_json({"name": "default_tenant"}))
        return replay

    def service(self, replay: Replay, data_dir: Path | None = None) -> Chroma:
        return Chroma(
            kind="chroma", nodes=("sark",), url=replay.url, data_dir=None if data_dir is None else str(data_dir)
        )

    @pytest.mark.parametrize(
        ("behaviour", "state"),
        [
            pytest.param(reply(500, b"{}"), "refusing", id="an error of the server"),
            pytest.param(reply(404, b"{}"), "refusing", id="a tenant that is not there"),
            pytest.param(reply(200, b"<html>"), "refusing", id="something else in front of it"),
            pytest.param(reply(401), "unauthorized", id="401 of a proxy"),
        ],
    )
    def test_other_answers(self, well: Replay, behaviour: Behaviour, state: str) -> None:
        well.get(self.TENANT, behaviour)
        assert verdict(source(self.service(well))) == state

    def test_answers_that_come_late_are_slow(self, well: Replay) -> None:
        def answer_late(talk: Conversation) -> None:
            talk.stopped.wait(SLOW + 0.05)
            reply_json({"name": "default_tenant"})(talk)

        well.get(self.TENANT, answer_late)
        assert verdict(source(self.service(well))) == "slow"

    def test_without_a_folder_the_api_alone_is_judged(self, well: Replay) -> None:
        found = by_series(source(self.service(well)).read())
        assert {series.partition("{")[0] for series in found} == {"ragpulse_chroma_state"}

    def test_where_nobody_is_seen_to_have_the_database_open_nothing_is_said_of_its_process(
        self, well: Replay, tmp_path: Path
    ) -> None:
        (tmp_path / "chroma.sqlite3").touch()
        state = source(self.service(well, data_dir=tmp_path))
        assert verdict(state) == "serving"
        assert not any("process" in series for series in by_series(state.read()))

    def test_a_folder_that_may_not_be_looked_at_costs_only_what_stands_in_it(
        self, well: Replay, tmp_path: Path
    ) -> None:
        closed = tmp_path / "closed"
        (closed / "data").mkdir(parents=True)
        closed.chmod(0)
        service = self.service(well, data_dir=closed / "data")
        done = subprocess.run(
            [*WITHOUT_RIGHTS, sys.executable, "-c", LOOK, service.model_dump_json()],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        closed.chmod(0o700)
        assert done.stdout.splitlines() == [
            "serving", f"{closed}/data/chroma.sqlite3: Permission denied; the agent must be able to look at it",
        ]  # fmt: skip

    def test_nobody_there_is_down(self) -> None:
        with refusing_url() as url:
            assert verdict(source(Chroma(kind="chroma", nodes=("sark",), url=url))) == "down"


def test_of_those_who_have_the_database_open_it_is_the_one_that_serves(tmp_path: Path) -> None:
    """A shell that was there first is not Chroma, and its locks are those of a stranger."""
    database = tmp_path / "chroma.sqlite3"
    database.touch()
    hold = "import socket, sys; held = open(sys.argv[1]); {}; print('ready', flush=True); sys.stdin.read()"
    with ExitStack() as stack:
        found = []
        for more in ("pass", "listening = socket.create_server(('127.0.0.1', 0))"):
            command = (sys.executable, "-c", hold.format(more), str(database))
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            stack.enter_context(process)
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            found.append(process.pid)
        known = ChromaProcess(database)
        wanted = known.identity()
        assert wanted is not None
        holder = known.found(wanted)
        assert holder is not None
        assert holder.pid == found[1]

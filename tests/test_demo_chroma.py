"""The demo's Chroma is a real 0.5.23 that asks for its token, and the fill brings it to exact counts every time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from exporters.chroma_recall import RecallSource
from ragpulse import cluster_file
from ragpulse.demo.cluster import chroma_token_file, cluster_text, keep_secrets
from ragpulse.demo.ports import DemoPorts
from ragpulse.demo.processes import demo_processes
from ragpulse.services import Chroma
from ragpulse.stack.process import Process
from tests.fakes.chroma_server import environment
from tests.fakes.readings import by_series
from tests.fakes.running import ROOT, answers, free_ports, running, until

COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
FEW = ("--documents", "60", "--notes", "25")


@dataclass(frozen=True)
class Demo:
    fill: Process
    canary: Process
    ports: DemoPorts
    client: httpx.Client
    token: str
    folder: Path

    def run_fill(self, *more: str) -> subprocess.CompletedProcess[str]:
        return self.run(self.fill, *more)

    def run(self, task: Process, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (*task.argv, *more),
            env={**os.environ, "PYTHONPATH": str(ROOT), **task.environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def post(self, collection: str, action: str, body: dict[str, Any]) -> Any:
        key = self.client.get(f"{COLLECTIONS}/{collection}").raise_for_status().json()["id"]
        return self.client.post(f"{COLLECTIONS}/{key}/{action}", json=body).raise_for_status().json()

    def count(self, collection: str) -> int:
        found = self.client.get(f"{COLLECTIONS}/{collection}").raise_for_status().json()
        return int(self.client.get(f"{COLLECTIONS}/{found['id']}/count").raise_for_status().text)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    ports = DemoPorts(*free_ports(8))
    keep_secrets(folder)
    plan = {one.name: one for one in demo_processes(folder, ports, environment(), sys.executable)}
    token = chroma_token_file(folder).read_text()
    headers = {"X-Chroma-Token": token}
    url = f"http://127.0.0.1:{ports.chroma}"
    with (
        running(plan["chroma"], folder / "chroma-output"),
        httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=20) as client,
    ):
        until(lambda: answers(str(plan["chroma"].ready_url)), "Chroma's heartbeat", seconds=60)
        yield Demo(plan["chroma-fill"], plan["chroma-canary"], ports, client, token, folder)


def test_it_is_0_5_23_and_asks_for_its_token(demo: Demo) -> None:
    assert demo.client.get("/api/v2/version").json() == "0.5.23"
    path = "/api/v2/tenants/default_tenant"
    assert demo.client.get(path).status_code == 200
    for wrong in ("", "wrong", demo.token[:-1]):
        assert demo.client.get(path, headers={"X-Chroma-Token": wrong}).status_code in {401, 403}


def test_the_server_writes_nothing_beside_its_data_folder(demo: Demo) -> None:
    assert not list(demo.folder.glob("chroma.log"))
    assert (demo.folder / "data" / "chroma" / "chroma.sqlite3").exists()


def test_the_fill_brings_exact_counts_and_finds_nothing_to_do_the_second_time(demo: Demo) -> None:
    assert demo.run_fill(*FEW).returncode == 0
    assert (demo.count("documents"), demo.count("notes")) == (60, 25)
    again = demo.run_fill(*FEW)
    assert again.returncode == 0
    assert again.stdout.splitlines() == [
        "documents: 60 records, 0 added, 0 deleted",
        "notes: 25 records, 0 added, 0 deleted",
    ]


def test_lost_records_come_back_the_same_and_strangers_go(demo: Demo) -> None:
    assert demo.run_fill(*FEW).returncode == 0
    wanted = {"ids": ["documents-000007"], "include": ["embeddings", "documents", "metadatas"]}
    before = demo.post("documents", "get", wanted)
    assert len(before["embeddings"][0]) == 384
    assert sum(x * x for x in before["embeddings"][0]) == pytest.approx(1, abs=1e-5)
    demo.post("documents", "delete", {"ids": ["documents-000007", "documents-000031"]})
    demo.post("documents", "add", {"ids": ["stranger"], "embeddings": [[0.5] * 384]})
    healed = demo.run_fill(*FEW)
    assert healed.stdout.splitlines()[0] == "documents: 60 records, 2 added, 1 deleted"
    assert demo.count("documents") == 60
    assert demo.post("documents", "get", wanted) == before


def test_neighbours_share_their_topic_so_that_a_query_means_something(demo: Demo) -> None:
    assert demo.run_fill("--documents", "200", "--notes", "25").returncode == 0
    origin = demo.post("documents", "get", {"ids": ["documents-000003"], "include": ["embeddings"]})["embeddings"]
    body = {"query_embeddings": origin, "n_results": 5, "include": ["metadatas", "distances"]}
    found = demo.post("documents", "query", body)
    assert found["ids"][0][0] == "documents-000003"
    assert found["distances"][0] == sorted(found["distances"][0])
    assert {one["topic"] for one in found["metadatas"][0]} == {"tokens"}


def test_its_golden_set_is_written_once_and_found_whole(demo: Demo) -> None:
    file = demo.folder / "cluster.yaml"
    file.write_text(cluster_text(demo.folder, demo.ports))
    for added in ("1000", "none"):
        done = demo.run(demo.canary)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == f"chroma: ragpulse-canary holds 1000 records, {added} of them added now"
    assert demo.count("ragpulse-canary") == 1000
    chroma = cluster_file.load(file).of_kind(Chroma)["chroma"]
    assert chroma.canary is not None
    found = by_series(RecallSource("chroma", chroma, chroma.canary).read())
    assert {found[f'ragpulse_chroma_recall_ratio{{service="chroma",k="{k}"}}'] for k in (1, 10)} == {1.0}


@pytest.mark.parametrize("with_server", [pytest.param(True, id="a wrong token"), pytest.param(False, id="no server")])
def test_a_fill_that_cannot_be_done_ends_with_one_line_and_status_1(
    demo: Demo,
    tmp_path: Path,
    with_server: bool,  # noqa: FBT001
) -> None:
    token = tmp_path / "token"
    token.write_text("not-the-token")
    url = str(demo.client.base_url) if with_server else f"http://127.0.0.1:{free_ports(1)[0]}"
    failed = demo.run_fill("--token-file", str(token), "--url", url, "--wait", "0.1")
    assert failed.returncode == 1
    assert failed.stderr.startswith("chroma-fill: ")
    assert len(failed.stderr.splitlines()) == 1
    assert "not-the-token" not in failed.stderr

"""What is checked of Ray, of Prometheus and Alertmanager, and on a node that has no business with a service."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exporters.checks import pairs
from exporters.checks.build import build
from exporters.checks.check import Key, Result, Scene
from exporters.checks.chroma import room
from exporters.checks.order import results
from ragpulse import cluster_file, node_files, vantage, yaml_file
from ragpulse.services import MemoryCheck
from tests.fakes.http_replay import Replay, reply, reply_json
from tests.fakes.ray_cluster import RayCluster, captured, nodes_path, only_alive, ray_cluster

SIX = "cluster: six\nnodes:\n" + "".join(f"  n{number}: {{address: 127.0.0.{number}}}\n" for number in range(1, 7))
RAY = """\
cluster: two
nodes: {{sark: {{address: 127.0.0.1}}, clu: {{address: 127.0.0.2}}}}
services:
  ray: {{kind: ray, nodes: [sark, clu], url: '{url}', discovery_file: {file}, token_file: {token}}}
"""


def found(folder: Path, text: str, node: str) -> dict[Key, Result]:
    file = folder / "cluster.yaml"
    file.write_text(text)
    document = yaml_file.read(file)
    cluster = cluster_file.parse(document, str(file))
    problems = tuple(node_files.problems(cluster, node, document))
    return results(build(Scene(cluster, node, str(file), problems)), lambda _found, _running: None)


def of(found: dict[Key, Result], subject: str) -> dict[str, str]:
    return {aspect: result.state for (what, aspect), result in found.items() if what == subject}


class TestRay:
    @pytest.fixture
    def ray(self, tmp_path: Path) -> Iterator[RayCluster]:
        (tmp_path / "token").write_text("throw-away-token-of-a-test-server")
        (tmp_path / "token").chmod(0o600)
        with ray_cluster(tmp_path) as cluster:
            os.utime(cluster.file)
            yield cluster

    def look(self, ray: RayCluster, folder: Path, node: str = "sark") -> dict[Key, Result]:
        return found(folder, RAY.format(url=ray.dashboard.url, file=ray.file, token=folder / "token"), node)

    def test_a_dashboard_that_answers_whoever_comes_is_told_and_its_nodes_are_counted(
        self, ray: RayCluster, tmp_path: Path
    ) -> None:
        seen = self.look(ray, tmp_path)
        assert of(seen, "ray") == {
            "port": "well", "files": "well", "discovery": "well", "credentials": "well", "guard": "failed",
            "dashboard": "well", "nodes": "well",
        }  # fmt: skip
        assert seen["ray", "dashboard"].detail == "version 2.60.0"
        assert "RAY_AUTH_MODE=token" in seen["ray", "guard"].mend

    def test_a_node_that_does_not_live_in_it_is_named(self, ray: RayCluster, tmp_path: Path) -> None:
        ray.dashboard.get(nodes_path(), reply(body=only_alive(captured("state-api-nodes-one-dead.json"))))
        seen = self.look(ray, tmp_path)
        assert seen["ray", "nodes"].detail == "clu does not live in it"
        assert "on clu: ray start" in seen["ray", "nodes"].mend

    def test_a_token_that_it_refuses(self, ray: RayCluster, tmp_path: Path) -> None:
        for path in (nodes_path(), "/api/version"):
            ray.dashboard.get(path, reply(401))
        seen = self.look(ray, tmp_path)
        assert of(seen, "ray")["credentials"] == "failed"
        assert (of(seen, "ray")["dashboard"], of(seen, "ray")["nodes"]) == ("skipped", "skipped")

    def test_what_is_no_dashboard_and_a_list_that_ray_has_left_behind(self, ray: RayCluster, tmp_path: Path) -> None:
        ray.dashboard.routes.clear()
        os.utime(ray.file, (1, 1))
        seen = self.look(ray, tmp_path)
        assert (seen["ray", "dashboard"].state, seen["ray", "discovery"].detail) == ("failed", f"{ray.file} is stale")
        assert "services.ray.url" in seen["ray", "dashboard"].mend

    def test_the_list_of_another_node_is_not_looked_for(self, ray: RayCluster, tmp_path: Path) -> None:
        assert of(self.look(ray, tmp_path, "clu"), "ray")["discovery"] == "not checked"


class TestRoom:
    @pytest.mark.parametrize(
        ("free", "size", "flags", "words"),
        [
            (40, 1000, 0, "make room there"),
            (60, 1000, 0, ""),
            (20_000, 1_000_000, 0, ""),  # 2 % of a large one
            (9_000, 1_000_000, 0, "make room there"),
            (900, 1000, os.ST_RDONLY, "mount it again"),
        ],
    )
    def test_a_full_or_read_only_file_system_is_one_that_chroma_cannot_write_to(
        self, free: int, size: int, flags: int, words: str
    ) -> None:
        """Counted in MiB."""
        disk = os.statvfs_result((1 << 20, 1 << 20, size, free, free, 0, 0, 0, flags, 255))
        result = room(Path("/srv/chroma"), disk, "SQLite")
        assert (result.state == "failed") == bool(words)
        assert words in result.mend
        assert result.state == "failed" or result.detail.startswith("SQLite; ")


class TestVersions:
    @pytest.mark.parametrize(("version", "state"), [("0.5.23", "well"), ("1.0.0", "well"), ("0.6.3", "note")])
    def test_of_chroma(self, replay: Replay, tmp_path: Path, version: str, state: str) -> None:
        replay.get("/api/v2/heartbeat", reply_json({"nanosecond heartbeat": 1}))
        replay.get("/api/v2/version", reply_json(version))
        service = f"chroma: {{kind: chroma, nodes: [box], url: '{replay.url}'}}"
        seen = found(
            tmp_path, f"cluster: one\nnodes: {{box: {{address: 127.0.0.1}}}}\nservices: {{{service}}}\n", "box"
        )
        assert (seen["chroma", "version"].state, seen["chroma", "version"].detail[: len(version)]) == (state, version)

    @pytest.mark.parametrize(
        ("version", "state"),
        [("0.32.0", "well"), ("0.8.5.post1", "well"), ("0.8.4", "note"), ("1.0", "well"), ("", "not checked")],
    )
    def test_of_vllm(self, vllm: Replay, tmp_path: Path, version: str, state: str) -> None:
        vllm.get("/version", reply_json({"version": version} if version else {}))
        service = f"vllm: {{kind: vllm, nodes: [box], url: '{vllm.url}'}}"
        seen = found(
            tmp_path, f"cluster: one\nnodes: {{box: {{address: 127.0.0.1}}}}\nservices: {{{service}}}\n", "box"
        )
        assert seen["vllm", "version"].state == state
        assert {seen["vllm", aspect].state for aspect in ("health", "api", "model", "completion")} == {"well"}


class TestBackups:
    TEXT = (
        "cluster: two\nnodes: {{near: {{address: 127.0.0.1}}, far: {{address: 127.0.0.2}}}}\n"
        "backups: {{nightly: {{kind: borg, node: near, every: 24h, state_file: {file}}}}}\n"
    )

    @pytest.mark.parametrize(
        ("content", "words"),
        [(None, "records no backup"), ("{", "is not JSON"), ('{"version": 99}', "a newer ragpulse")],
    )
    def test_a_record_that_tells_of_no_backup_has_failed(self, tmp_path: Path, content: str | None, words: str) -> None:
        file = tmp_path / "state.json"
        if content is not None:
            file.write_text(content)
        record = found(tmp_path, self.TEXT.format(file=file), "near")["backup nightly", "record"]
        assert (record.state, words in record.detail, "borg-run" in record.mend) == ("failed", True, True)

    def test_a_secret_of_a_backup_is_a_file_of_the_node(self, tmp_path: Path) -> None:
        text = self.TEXT.replace("state_file: {file}", "repository: {folder}, passphrase_file: {folder}/missing")
        seen = found(tmp_path, text.format(folder=tmp_path), "near")
        assert f"{tmp_path}/missing does not exist" in seen["node near", "files"].detail
        assert "backups.nightly.passphrase_file" in seen["node near", "files"].mend
        assert found(tmp_path, text.format(folder=tmp_path), "far")["node far", "files"].state == "well"

    def test_it_is_judged_on_the_node_that_makes_it(self, tmp_path: Path) -> None:
        record = found(tmp_path, self.TEXT.format(file=tmp_path / "state.json"), "far")["backup nightly", "record"]
        assert record == Result("not checked", "it is made on near: run ragpulse check there")


class TestMonitoring:
    @pytest.mark.parametrize(
        ("status", "state"), [(200, "well"), (503, "failed"), (404, "failed")], ids=["ready", "starting", "another"]
    )
    def test_one_that_runs_must_be_ready(self, replay: Replay, tmp_path: Path, status: int, state: str) -> None:
        replay.get("/-/ready", reply(status))
        port = replay.url.rpartition(":")[2]
        text = f"cluster: one\nnodes: {{box: {{address: 127.0.0.1}}}}\nmonitoring: {{ports: {{prometheus: {port}}}}}\n"
        seen = found(tmp_path, text, "box")
        assert seen["prometheus box", "ready"].state == state
        assert state == "well" or "monitoring.ports.prometheus" in seen["prometheus box", "ready"].mend

    def test_a_single_one_cannot_be_reached_from_another_machine(self, tmp_path: Path) -> None:
        """203.0.113.9 and .10 stand for two machines; nothing is asked of them in this test."""
        text = "cluster: two\nnodes: {near: {address: 203.0.113.9}, far: {address: 203.0.113.10}}\n"
        (tmp_path / "cluster.yaml").write_text(text + "monitoring: {nodes: [far]}\n")
        scene = Scene(cluster_file.load(tmp_path / "cluster.yaml"), "near", "cluster.yaml")
        (check,) = [one for one in build(scene) if one.subject == "prometheus far"]
        assert (check.needs, check.run().state) == ((), "not checked")
        assert "loopback address of far" in check.run().detail


class TestSecrets:
    def test_a_node_that_does_not_ask_a_service_needs_no_secret_of_it(self, replay: Replay, tmp_path: Path) -> None:
        replay.get("/api/v2/heartbeat", reply_json({"nanosecond heartbeat": 1}))
        missing = tmp_path / "missing"
        text = SIX + f"services:\n  chroma: {{kind: chroma, nodes: [n1], url: '{replay.url}', token_file: {missing}}}\n"
        file = tmp_path / "cluster.yaml"
        file.write_text(text)
        asking = vantage.vantages(cluster_file.load(file), "chroma")
        (other, *_) = [f"n{number}" for number in range(2, 7) if f"n{number}" not in asking]
        seen = found(tmp_path, text, other)
        assert of(seen, "chroma")["heartbeat"] == "well"
        assert "files" not in of(seen, "chroma")
        assert of(seen, "chroma")["credentials"] == of(seen, "chroma")["ready"] == "not checked"
        seen = found(tmp_path, text, asking[0])
        assert (of(seen, "chroma")["files"], of(seen, "chroma")["heartbeat"]) == ("failed", "skipped")
        assert f"{missing} does not exist" in seen["chroma", "files"].detail


class TestPairs:
    @pytest.mark.parametrize(
        ("body", "asked"),
        [
            ({"query": "any", "limit": 3}, {"query": "text", "limit": 3}),
            ({"query": "any", "user": "me"}, {"query": "any", "user": "me"}),
            ({"limit": 3}, {"limit": 3}),
        ],
    )
    def test_a_search_is_asked_for_the_text_where_it_has_one_place_for_it(
        self, body: dict[str, Any], asked: dict[str, Any]
    ) -> None:
        search = MemoryCheck.model_validate({"path": "/search", "method": "POST", "json": body})
        assert pairs.asking_for(search, "text").json_body == asked
        assert search.json_body == body


class TestShown:
    FILE = SIX + "services: {site: {kind: http, nodes: [n1], url: 'http://127.0.0.1:1/'}}\n"

    def command(self, folder: Path, *options: str) -> tuple[str, ...]:
        (folder / "cluster.yaml").write_text(self.FILE)
        return (sys.executable, "-m", "ragpulse", "check", "--node", "n2", *options, "site")

    def test_a_table_says_what_failed_and_what_to_do_about_it(self, tmp_path: Path) -> None:
        done = subprocess.run(
            self.command(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (1, "")
        lines = [re.sub(r" {2,}", "  ", line).strip() for line in done.stdout.splitlines()]
        assert "site  port  failed  nobody listens on 127.0.0.1:1" in lines
        assert (
            "→ start site there and look at its log if it ends, or correct services.site.url in cluster.yaml" in lines
        )
        assert "response  skipped  needs site: port" in lines
        assert re.fullmatch(r"six from n2, in \d+\.\d s: 2 well, 1 failed, 1 skipped", lines[-1])
        assert "asking" not in done.stdout

    def test_json_has_the_form_of_the_documentation(self, tmp_path: Path) -> None:
        done = subprocess.run(
            self.command(tmp_path, "--json"), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        said = json.loads(done.stdout)
        assert (done.returncode, said["cluster"], said["node"]) == (1, "six", "n2")
        assert said["counts"] == {"well": 2, "note": 0, "failed": 1, "skipped": 1, "not checked": 0}
        documented = (Path(__file__).parent.parent / "docs" / "check.md").read_text()
        example = json.loads(documented.partition("```json\n")[2].partition("```")[0])
        assert set(said) == set(example)
        assert {tuple(row) for row in said["checks"]} == {tuple(row) for row in example["checks"]}
        assert {row["result"] for row in example["checks"]} <= set(said["counts"]) == set(example["counts"])

    def test_a_terminal_shows_what_is_asked_while_it_is(self, tmp_path: Path) -> None:
        ours, its = pty.openpty()
        with subprocess.Popen(
            self.command(tmp_path), cwd=tmp_path, stdout=its, stderr=its, env={**os.environ, "TERM": "xterm"}
        ) as process:
            os.close(its)
            shown = b""
            try:
                while more := os.read(ours, 65_536):
                    shown += more
            except OSError:  # the other side has gone
                pass
            finally:
                os.close(ours)
        assert process.returncode == 1
        assert b"known; asking" in shown

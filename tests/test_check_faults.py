"""`ragpulse check` on the demo: each fault is named where it is, and nowhere else.

The demo is started once; every fault is planted alone, by another text of the cluster file, a proxy before a service or
a signal, and mended again. What depends on the fault is skipped and names it; all else is as it was.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from ragpulse import __version__
from ragpulse.borg import state_file
from ragpulse.borg.state import Run
from ragpulse.commands import check
from ragpulse.demo.cluster import CHROMA_TOKEN_HEADER, chroma_data, chroma_token_file, vllm_key_file
from tests.fakes.certificates import Authority, new_authority
from tests.fakes.relay import Asked, Said, relay
from tests.fakes.running import free_ports
from tests.fakes.vllm_server import CAPTURES, WITHOUT_STATISTICS
from tests.fakes.whole_demo import Demo, whole_demo

# Long enough for a busy machine, and what hangs is still known soon.
TIMES = (
    ("    model: stand-in\n", "    model: stand-in\n    canary: {timeout: 4s}\n"),
    ("scrape_interval: 5s ", "scrape_interval: 10s "),
)
DAY = 86_400.0
Key = tuple[str, str]


@dataclass(frozen=True)
class Found:
    status: int
    rows: Mapping[Key, Mapping[str, Any]]

    def are(self, *results: str) -> set[Key]:
        return {key for key, row in self.rows.items() if row["result"] in results}

    def mend(self, key: Key) -> str:
        return f"{self.rows[key]['detail']} → {self.rows[key]['mend']}"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with whole_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture
def look(capsys: pytest.CaptureFixture[str]) -> Callable[..., Found]:
    def look(file: Path, *services: str, node: str = "beta") -> Found:
        status = 0
        capsys.readouterr()
        try:
            check.check(services=list(services), config=file, node=node, as_json=True)
        except typer.Exit as ended:
            status = ended.exit_code
        rows = json.loads(capsys.readouterr().out)["checks"]
        return Found(status, {(row["what"], row["check"]): row for row in rows})

    return look


def only(found: Found, key: Key, *words: str, status: int = 1) -> None:
    """It alone failed, all that was skipped was so for its sake, and these words say what to do."""
    assert found.are("failed") == {key}, [found.mend(one) for one in found.are("failed")]
    assert {tuple(found.rows[one]["root"]) for one in found.are("skipped")} <= {key}
    for word in words:
        assert word in found.mend(key)
    assert found.status == status


@dataclass(frozen=True)
class Planted:
    """changes: texts of the cluster file. Whatever else was planted ends with the test."""

    stack: ExitStack
    demo: Demo
    folder: Path

    def file(self, *changes: tuple[str, str]) -> Path:
        return self.demo.written(self.folder, *TIMES, *changes)

    def behind(self, service: str, **proxy: Any) -> tuple[str, str]:
        """The change by which a proxy stands before the service."""
        return self.demo.url(service), self.stack.enter_context(relay(self.demo.url(service), **proxy))

    def secret(self, text: str = "another-secret") -> Path:
        file = self.folder / "secret"
        file.write_text(text)
        file.chmod(0o600)
        return file


@pytest.fixture
def planted(demo: Demo, tmp_path: Path) -> Iterator[Planted]:
    with ExitStack() as stack:
        yield Planted(stack, demo, tmp_path)


Look = Callable[..., Found]


class TestAllIsWell:
    @pytest.mark.parametrize("node", ["alpha", "beta"])
    def test_from_either_node_nothing_fails(self, look: Look, planted: Planted, node: str) -> None:
        found = look(planted.file(), node=node)
        assert found.are("failed", "skipped") == set()
        assert found.status == 0
        assert {("vllm", "completion"), ("chroma", "guard"), ("chroma → memory → vllm", "contract")} <= found.are(
            "well"
        )

    def test_what_cannot_be_judged_from_here_says_so(self, look: Look, planted: Planted) -> None:
        found = look(planted.file())
        away = {("chroma", "storage"), ("rag", "path"), ("prometheus alpha", "ready"), ("alertmanager alpha", "ready")}
        assert found.are("not checked") - {("node beta", "clock")} == away
        assert look(planted.file(), node="alpha").rows["chroma", "storage"]["result"] == "well"

    def test_named_services_are_checked_alone_with_what_they_need(self, look: Look, planted: Planted) -> None:
        found = look(planted.file(), "chroma", "memory")
        assert {what for what, _ in found.rows} == {"node alpha", "chroma", "memory", "chroma → memory"}
        assert ("node alpha", "clock") not in found.rows


class TestTheWay:
    def test_two_services_on_a_name_without_an_address_are_one_fault(self, look: Look, planted: Planted) -> None:
        ports = planted.demo.ports
        nowhere = [(f"http://127.0.0.1:{port}", f"http://rag.invalid:{port}") for port in (ports.memory, ports.chroma)]
        found = look(planted.file(*nowhere))
        only(found, ("host rag.invalid", "name"), "services.chroma.url", "/etc/hosts of beta")
        assert {("chroma", "port"), ("memory", "search"), ("chroma → memory", "contract")} <= found.are("skipped")

    def test_a_port_on_which_nobody_listens(self, look: Look, planted: Planted) -> None:
        [closed] = free_ports(1)
        found = look(planted.file((planted.demo.url("chroma"), f"http://127.0.0.1:{closed}")))
        only(found, ("chroma", "port"), f"nobody listens on 127.0.0.1:{closed}", "services.chroma.url")

    def test_the_port_of_another_service_is_no_chroma(self, look: Look, planted: Planted) -> None:
        found = look(planted.file((planted.demo.url("chroma"), planted.demo.url("memory"))))
        only(found, ("chroma", "heartbeat"), "HTTP 404", "correct host and port of services.chroma.url")

    def test_the_port_of_another_service_is_no_vllm(self, look: Look, planted: Planted) -> None:
        found = look(planted.file((planted.demo.url("vllm"), planted.demo.url("memory"))))
        only(found, ("vllm", "api"), "no vLLM", "correct host and port of services.vllm.url")

    def test_an_agent_on_whose_port_nobody_listens(self, look: Look, planted: Planted) -> None:
        [closed] = free_ports(1)
        found = look(planted.file((f"127.0.0.1, port: {planted.demo.ports.agent}", f"127.0.0.1, port: {closed}")))
        only(found, ("agent alpha", "port"), f"nobody listens on 127.0.0.1:{closed}", "nodes.alpha.port")


class TestWhatHangs:
    @pytest.mark.parametrize(("service", "aspect"), [("memory", "health"), ("chroma", "heartbeat"), ("vllm", "health")])
    def test_a_service_that_was_stopped(self, look: Look, planted: Planted, service: str, aspect: str) -> None:
        with planted.demo.paused(service):
            found = look(planted.file())
        only(found, (service, aspect), "no complete answer within 3 s", "see its log on alpha")

    def test_an_agent_that_was_stopped(self, look: Look, planted: Planted) -> None:
        with planted.demo.paused("agent-alpha"):
            found = look(planted.file())
        only(found, ("agent alpha", "answers"), "no complete answer", "see the log of the agent on alpha")

    def test_a_locked_database_behind_a_heartbeat_that_is_well(self, look: Look, planted: Planted) -> None:
        with planted.demo.locked():
            found = look(planted.file())
        only(found, ("chroma", "ready"), "no complete answer", "fuser chroma.sqlite3 on alpha")

    def test_an_engine_that_hangs_behind_a_health_that_is_well(self, look: Look, planted: Planted) -> None:
        with planted.demo.told("hang"):
            found = look(planted.file())
        only(found, ("vllm", "completion"), "timeout", "restart vLLM")


class TestTls:
    @contextmanager
    def behind_tls(self, planted: Planted, authority: Authority, days: int, name: str) -> Iterator[tuple[str, str]]:
        context = authority.issue(name, days).served()
        with relay(planted.demo.url("memory"), context=context) as url:
            yield (
                planted.demo.url("memory"),
                f"{url}\n    tls: {{ca_file: {authority.certificate}, server_name: rag.test}}",
            )

    def test_a_good_certificate_says_how_long_it_lasts(
        self, look: Look, planted: Planted, authority: Authority
    ) -> None:
        with self.behind_tls(planted, authority, 400, "rag.test") as change:
            found = look(planted.file(change))
        assert found.status == 0
        assert found.rows["memory", "tls"]["detail"].startswith("trusted until 20")

    def test_one_that_soon_ends_is_noted(self, look: Look, planted: Planted, authority: Authority) -> None:
        with self.behind_tls(planted, authority, 3, "rag.test") as change:
            found = look(planted.file(change), "memory")
        assert (found.status, found.rows["memory", "tls"]["result"]) == (0, "note")

    def test_one_that_has_ended(self, look: Look, planted: Planted, authority: Authority) -> None:
        with self.behind_tls(planted, authority, -1, "rag.test") as change:
            found = look(planted.file(change))
        only(found, ("memory", "tls"), "its certificate ended on 20", "renew the certificate of memory on alpha")

    def test_one_of_another_authority(self, look: Look, planted: Planted, authority: Authority) -> None:
        other = new_authority(planted.folder)
        with self.behind_tls(planted, authority, 400, "rag.test") as (old, new):
            found = look(planted.file((old, new.replace(str(authority.certificate), str(other.certificate)))))
        only(found, ("memory", "tls"), "an authority that we do not trust", "services.memory.tls.ca_file")

    def test_one_for_another_name(self, look: Look, planted: Planted, authority: Authority) -> None:
        with self.behind_tls(planted, authority, 400, "other.test") as change:
            found = look(planted.file(change))
        only(found, ("memory", "tls"), "for another name", "services.memory.tls.server_name")


class TestCredentials:
    def test_a_token_that_chroma_refuses(self, look: Look, planted: Planted) -> None:
        file = planted.secret()
        found = look(planted.file((json.dumps(str(chroma_token_file(planted.demo.state))), str(file))))
        only(found, ("chroma", "credentials"), f"refuses the secret in {file}", "services.chroma.token_file")

    def test_a_chroma_that_serves_whoever_comes(self, look: Look, planted: Planted) -> None:
        """A proxy that knows the token and asks for none: the data is open, and all else works."""
        token = chroma_token_file(planted.demo.state).read_text()
        found = look(planted.file(planted.behind("chroma", headers={CHROMA_TOKEN_HEADER: token})))
        only(found, ("chroma", "guard"), "whoever shows none or a wrong one", "CHROMA_SERVER_AUTHN_PROVIDER")
        assert found.are("skipped") == set()

    def test_a_key_that_vllm_refuses(self, look: Look, planted: Planted) -> None:
        file = planted.secret()
        found = look(planted.file((json.dumps(str(vllm_key_file(planted.demo.state))), str(file))))
        only(found, ("vllm", "credentials"), f"refuses the secret in {file}", "services.vllm.api_key_file")

    def test_a_key_that_nobody_configured(self, look: Look, planted: Planted) -> None:
        line = f"    api_key_file: {json.dumps(str(vllm_key_file(planted.demo.state)))}\n"
        found = look(planted.file((line, "")))
        only(found, ("vllm", "credentials"), "none is configured", "services.vllm.api_key_file")

    def test_a_key_that_the_memory_service_refuses(self, look: Look, planted: Planted) -> None:
        def allows(asked: Asked) -> bool:
            return asked.path == "/health" or asked.headers.get("X-Api-Key") == "the-right-one"

        file = planted.secret("a-wrong-one")
        url, proxy = planted.behind("memory", allows=allows)
        auth = f"\n    auth: {{header: X-Api-Key, prefix: '', value_file: {file}}}"
        found = look(planted.file((url, proxy + auth)))
        only(found, ("memory", "credentials"), f"refuses the secret in {file}", "services.memory.auth.value_file")
        file.write_text("the-right-one")
        assert look(planted.file((url, proxy + auth))).status == 0

    def test_a_secret_that_is_missing_is_a_fault_of_the_configuration(self, look: Look, planted: Planted) -> None:
        missing = planted.folder / "nothing"
        found = look(planted.file((json.dumps(str(chroma_token_file(planted.demo.state))), str(missing))))
        only(found, ("chroma", "files"), f"{missing} does not exist", "services.chroma.token_file", status=2)


class TestWhatIsOffered:
    def test_a_model_that_is_not_served(self, look: Look, planted: Planted) -> None:
        found = look(planted.file(("model: stand-in", "model: llama")))
        only(found, ("vllm", "model"), "the model llama is not among the 1 offered", "services.vllm.model")

    def test_a_collection_that_is_not_there(self, look: Look, planted: Planted) -> None:
        found = look(planted.file(("collection: documents", "collection: papers")))
        only(found, ("chroma", "collections"), "there is no collection papers", "services.chroma.query.collection")

    def test_a_database_that_is_not_there(self, look: Look, planted: Planted) -> None:
        found = look(planted.file(("collection: documents}", "collection: documents}\n    database: other")))
        only(found, ("chroma", "collections"), "there is no database other", "services.chroma.database")

    def test_a_golden_set_that_nobody_wrote(self, look: Look, planted: Planted) -> None:
        found = look(planted.file(("canary: {every", "canary: {collection: not-written, every")))
        only(found, ("chroma", "golden"), "there is no collection not-written", "ragpulse canary init chroma")

    def test_an_api_that_is_gone(self, look: Look, planted: Planted) -> None:
        found = look(planted.file(planted.behind("chroma", change=_gone)))
        only(found, ("chroma", "heartbeat"), "HTTP 410", "run Chroma 0.5 or 1 there")

    def test_statistics_that_are_switched_off(self, look: Look, planted: Planted) -> None:
        found = look(planted.file(planted.behind("vllm", change=_without_statistics)))
        only(found, ("vllm", "metrics"), "its statistics are switched off", "--disable-log-stats")

    def test_a_memory_service_that_says_itself_that_it_is_not_ready(self, look: Look, planted: Planted) -> None:
        with planted.demo.without_memory():
            found = look(planted.file())
        only(found, ("memory", "ready"), "HTTP 503", "see the log of memory on alpha")

    def test_a_search_that_fails_for_what_chroma_finds_alone(self, look: Look, planted: Planted) -> None:
        found = look(planted.file(planted.behind("memory", change=_deaf)))
        only(found, ("chroma → memory", "contract"), "memory fails after chroma", "the log of memory")


class TestTheRest:
    def test_a_folder_that_is_not_chromas(self, look: Look, planted: Planted) -> None:
        data = json.dumps(str(chroma_data(planted.demo.state)))
        found = look(planted.file((data, str(planted.folder))), node="alpha")
        only(found, ("chroma", "storage"), "holds no chroma.sqlite3", "services.chroma.data_dir")

    def test_a_clock_that_is_off(self, look: Look, planted: Planted) -> None:
        found = look(planted.file(planted.behind("chroma", change=_a_minute_behind)))
        only(found, ("node alpha", "clock"), "s by the heartbeat of chroma", "timedatectl")
        (off,) = re.findall(r"-?\d+\.\d+ ±", found.rows["node alpha", "clock"]["detail"])
        assert float(off.removesuffix(" ±")) == pytest.approx(-60, abs=1.5)

    def test_an_agent_of_another_version(self, look: Look, planted: Planted) -> None:
        agent = f"http://127.0.0.1:{planted.demo.ports.agent}"
        url = planted.stack.enter_context(relay(agent, change=_another_version))
        moved = (f"127.0.0.1, port: {planted.demo.ports.agent}", f"127.0.0.1, port: {url.rpartition(':')[2]}")
        found = look(planted.file(moved))
        only(found, ("agent alpha", "answers"), "it is ragpulse 9.9.9", "install the same version on alpha and beta")

    @pytest.mark.parametrize(
        ("age", "result", "words"),
        [(2 * DAY, "success", "one is due every 1 d"), (60.0, "failed", "the last backup failed: locked")],
        ids=["stale", "failed"],
    )
    def test_a_backup_that_nobody_can_rely_on(
        self, look: Look, planted: Planted, age: float, result: str, words: str
    ) -> None:
        file, end = planted.folder / "state.json", time.time() - age
        run = Run(end - 60, end, 0 if result == "success" else 2, result, "" if result == "success" else "locked")
        state_file.update(file, lambda state: state.with_run("create", run))
        found = look(planted.file(_backup(file)))
        only(found, ("backup nightly", "record"), words, "borg-run")

    def test_a_backup_that_is_young_is_well_but_for_its_restore(self, look: Look, planted: Planted) -> None:
        file, now = planted.folder / "state.json", time.time()
        state_file.update(file, lambda state: state.with_run("create", Run(now - 60, now, 0, "success")))
        found = look(planted.file(_backup(file)), "chroma")
        assert found.rows["backup nightly", "record"]["result"] == "note"
        state_file.update(file, lambda state: state.with_run("verify", Run(now - 60, now, 0, "success")))
        assert look(planted.file(_backup(file)), "chroma").rows["backup nightly", "record"]["result"] == "well"


def _backup(file: Path) -> tuple[str, str]:
    described = f"{{kind: borg, node: beta, covers: chroma, every: 24h, state_file: {file}}}"
    return "\nmonitoring:\n", f"\nbackups:\n  nightly: {described}\n\nmonitoring:\n"


def _gone(asked: Asked, said: Said) -> Said:
    return (410, b'{"error":"Unimplemented"}') if asked.path.startswith("/api/v2") else said


def _without_statistics(asked: Asked, said: Said) -> Said:
    page = CAPTURES / f"vllm-{WITHOUT_STATISTICS}.prom"
    return (200, page.read_bytes()) if asked.path == "/metrics" else said


def _deaf(asked: Asked, said: Said) -> Said:
    """To what stands in the records of Chroma, as a service that takes no long texts."""
    return (500, b"{}") if b"what we know about" in asked.body else said


def _a_minute_behind(asked: Asked, said: Said) -> Said:
    if asked.path != "/api/v2/heartbeat":
        return said
    return 200, json.dumps({"nanosecond heartbeat": time.time_ns() - 60_000_000_000}).encode()


def _another_version(_: Asked, said: Said) -> Said:
    return said[0], said[1].replace(f'version="{__version__}"'.encode(), b'version="9.9.9"')

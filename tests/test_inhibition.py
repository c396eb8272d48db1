"""What a real Alertmanager holds back of all the alerts that there are, while one cause is known."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from alerts.alertmanager import render
from ragpulse import cluster_file
from ragpulse.dependencies import Dependencies
from ragpulse.stack.process import Process
from tests.fakes import loopback
from tests.fakes.binaries import FOLDERS, binary
from tests.fakes.rule_tests import all_rules
from tests.fakes.running import answers, free_ports, running, until

EXAMPLE = cluster_file.load(Path(__file__).parent.parent / "cluster.example.yaml")
GRAPH = Dependencies(EXAMPLE)
Labels = frozenset[tuple[str, str]]


def labels(**pairs: str) -> Labels:
    return frozenset(pairs.items())


def every_alert() -> set[Labels]:
    """As each would be said of each node, and one way of a node to another."""
    found = {labels(alertname="WayLost", node="clu", peer="sark", component="clu", severity="page")}
    for rule in all_rules(EXAMPLE):
        for node in EXAMPLE.nodes if "alert" in rule else ():
            said = {name: text.replace("{{ $labels.node }}", node) for name, text in rule["labels"].items()}
            found.add(labels(alertname=rule["alert"], **said))
    return found


EVERY = every_alert()


class Known:
    """An Alertmanager, and the alerts that it knows of."""

    def __init__(self, url: str) -> None:
        self._url = url

    def held(self, known: set[Labels]) -> set[Labels]:
        """Those that it holds back while these fire, and no others."""
        now = datetime.now(UTC)
        before = {labels(**each["labels"]) for each in self._alerts()}
        said = [
            {"labels": dict(each), "endsAt": (now + timedelta(hours=1 if each in known else 0)).isoformat()}
            for each in before | known
        ]
        said = [{**each, "startsAt": (now - timedelta(hours=1)).isoformat()} for each in said]
        sent = httpx.post(f"{self._url}/api/v2/alerts", json=said, trust_env=False, verify=loopback.NO_TLS)
        assert sent.is_success, sent.text
        until(lambda: {labels(**each["labels"]) for each in self._alerts()} == known, "all are known")
        return {labels(**each["labels"]) for each in self._alerts() if each["status"]["inhibitedBy"]}

    def _alerts(self) -> list[dict[str, dict[str, str]]]:
        found: list[dict[str, dict[str, str]]] = loopback.get(f"{self._url}/api/v2/alerts").json()
        return found


@pytest.fixture(scope="module", params=range(max(1, len(FOLDERS))), ids=lambda index: f"generation {index + 1}")
def alertmanager(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "alertmanager.yml").write_text(render(EXAMPLE)["alertmanager.yml"])
    (port,) = free_ports(1)
    argv = (
        str(binary("alertmanager", request.param)), "--config.file=alertmanager.yml", "--storage.path=data",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    )  # fmt: skip
    with running(Process("alertmanager", argv, ""), folder / "log"):
        until(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), "it is ready")
        yield Known(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("node", EXAMPLE.nodes)
def test_a_node_that_is_down_holds_back_what_is_said_of_it_and_of_what_needs_it(node: str, alertmanager: Known) -> None:
    down = labels(alertname="NodeDown", node=node, component=node)
    others = {
        each - {("severity", "page"), ("severity", "ticket")} for each in EVERY if ("alertname", "NodeDown") not in each
    }
    expected = {each for each in others if node_is_beneath(node, dict(each))}
    assert alertmanager.held(others | {down}) == expected
    assert {dict(each)["alertname"] for each in expected} >= {
        "ServiceDown", "SourceFailing", "MonitoringDown", "GpuLost", "VllmStalled", "RagPathBroken", "RayHeadDown",
        "ErrorBudgetBurningFast", "AvailabilityBelowTarget",
    }  # fmt: skip


def node_is_beneath(node: str, said: dict[str, str]) -> bool:
    needed = GRAPH.nodes_beneath(said["service"]) if "service" in said else ()
    return node in {said.get("node"), said.get("peer"), *needed}


def page_of(service: str, alert: str) -> Labels:
    return next(each for each in EVERY if {("service", service), ("alertname", alert), ("severity", "page")} <= each)


@pytest.mark.parametrize(
    ("alert", "above"),
    [("ChromaLocked", {"gateway", "rag"}), ("CertificateExpires", set())],
    ids=["a service that cannot work", "one that still works"],
)
def test_a_page_holds_back_its_own_tickets_and_all_that_is_said_of_what_needs_the_service(
    alert: str, above: set[str], alertmanager: Known
) -> None:
    page = page_of("chroma", "ChromaLocked") - {("alertname", "ChromaLocked")} | {("alertname", alert)}
    tickets = {each for each in EVERY if ("severity", "ticket") in each}
    others = {
        each - {("severity", "page")} for each in EVERY if dict(each).get("service") in {"gateway", "rag", "memory"}
    }
    expected = {each for each in tickets if ("component", "chroma") in each}
    expected |= {each for each in others | tickets if dict(each).get("service") in above}
    assert alertmanager.held({page} | tickets | others) == expected


def test_a_node_that_ray_has_lost_holds_back_nothing_of_the_engine_which_may_do_without(alertmanager: Known) -> None:
    """For the hour in which it may be the cause, rules hold that back."""
    lost = page_of("ray", "RayNodeLost")
    engine = {each for each in EVERY if ("service", "vllm") in each}
    own = {each - {("severity", "page")} for each in engine} | {lost}
    assert alertmanager.held(own) == set()

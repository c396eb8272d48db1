"""A broken path on the Overview page: which stage it is, and the service beneath that explains it."""

import pytest

from ragpulse.overview.facts import Component
from tests.fakes import mixed_cluster as mixed
from tests.fakes.overview_of import overview_of
from tests.fakes.prometheus_api import Answering

CLUSTER = mixed.CLUSTER.replace(
    "  swarm:",
    """\
  rag:
    kind: rag
    nodes: [alpha]
    stages:
      - {operation: retrieval, service: chroma}
      - {operation: chat, service: vllm}
      - {operation: http, name: gateway, url: 'http://127.0.0.1:7000'}
  swarm:""",
)


def path(*, failing: str = "", chroma: float = 3.0, state: float = 1.0, reason: str = "empty") -> Component:
    stages = {"retrieval", "chat", "gateway"}
    failed = {"service": "rag", "check": "path", "reason": reason, "node": "beta"}
    answering = Answering(
        instant={
            mixed.AGENTS: [({"node": node}, 1) for node in ("alpha", "beta")],
            mixed.STATE: [(mixed.component("rag"), state), (mixed.component("chroma"), chroma)],
            mixed.UP: [({"service": "rag", "node": "beta"}, 0 if failing else 1)],
            mixed.READY: [({"service": "rag", "node": "beta"}, 0 if failing else 1)],
            mixed.FAILING_STAGE: [({"service": "rag", "stage": one, "node": "beta"}, 1) for one in stages & {failing}],
            mixed.FAILURES: [(failed, 2.0)] if failing else [],
        }
    )
    return next(one for one in overview_of(answering, of=mixed.cluster(CLUSTER)).components if one.name == "rag")


def test_a_path_is_a_component_like_any_other() -> None:
    found = path(state=3.0)
    assert (found.kind, found.state, found.reason) == ("rag", "up", "answers and can do its work")
    assert found.watched


@pytest.mark.parametrize(
    ("failing", "chroma", "said"),
    [
        ("retrieval", 1.0, "it breaks at the stage `retrieval`: chroma, which it asks, is down"),
        ("retrieval", 2.0, "it breaks at the stage `retrieval`: chroma, which it asks, is degraded"),
        ("retrieval", 3.0, "it breaks at the stage `retrieval`, which asks chroma"),
        ("gateway", 1.0, "it breaks at the stage `gateway`"),
    ],
)
def test_a_broken_path_names_its_stage_and_what_is_wrong_beneath(failing: str, chroma: float, said: str) -> None:
    found = path(failing=failing, chroma=chroma)
    assert found.state == "down"
    assert found.reason == f"probe `path` from beta fails: empty (nothing came of it); {said}"

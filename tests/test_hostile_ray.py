"""Hostile dashboards and pages of Ray: whatever they do costs their own readings, and tells of no node as lost."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hostile_answers import METRICS, VALUES
from tests.fakes.hostile_pages import LEFT_OUT, MANY, UNREADABLE
from tests.fakes.hostile_server import hostile, routed
from tests.fakes.hostile_watch import SECRET, Seen, Watch
from tests.fakes.hostile_wire import BODY, MISLEADING, SERVERS, answer
from tests.fakes.ray_cluster import captured, nodes_path, workers_path
from tests.fakes.watched import PATIENT
from tests.test_hostile_wire import ANSWERED, QUICK, REASONS

NOT_FOUND = answer(b"", status=b"404 Not Found")
PAGE = captured("ray-2.60.0-head-one-dead.excerpt.prom")
VERSION, LIST = "/api/version", "/api/prometheus/sd"
NODE = {"node_id": "n1", "node_ip": "127.0.0.1", "is_head_node": True, "state": "ALIVE"}
WORKER = {"name": "vllm_Worker_x_TP0", "node_id": "n1"}


def listed(*entries: Any) -> dict[str, Any]:
    return {"result": True, "msg": "", "data": {"result": {"total": len(entries), "result": list(entries)}}}


WELL: dict[str, Any] = {
    nodes_path(): listed(NODE),
    workers_path(): listed(WORKER),
    VERSION: {"ray_version": "2.60.0"},
    LIST: [{"targets": []}],
}
FIELDS: list[tuple[str, tuple[str | int, ...]]] = [
    (nodes_path(), ()),
    (nodes_path(), ("data", "result", "result")),
    *((nodes_path(), ("data", "result", "result", 0, key)) for key in ("node_id", "node_ip", "state", "is_head_node")),
    (workers_path(), ()),
    *((workers_path(), ("data", "result", "result", 0, key)) for key in ("name", "node_id")),
    (VERSION, ("ray_version",)),
    (LIST, ()),
    (LIST, (0, "targets")),
]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    return file


def routes(
    path: str = "", field: tuple[str | int, ...] = (), value: bytes = b"", page: bytes = PAGE
) -> dict[str, bytes]:
    mark = "the place of the value"
    bodies: dict[str, bytes] = {METRICS: page}
    for where, document in WELL.items():
        copy = json.loads(json.dumps(document))
        if where == path and field:
            place = copy
            for step in field[:-1]:
                place = place[step]
            place[field[-1]] = mark
        whole = json.dumps(copy).encode().replace(json.dumps(mark).encode(), value)
        bodies[where] = value if where == path and not field else whole
    return {where: answer(body) for where, body in bodies.items()}


def look(answers: dict[str, bytes], secret: Path) -> Seen:
    with hostile(routed(answers, NOT_FOUND)) as url, Watch(url, secret, kinds=("ray",)) as watch:
        watch.round()
        return watch.seen()


def of(seen: Seen, name: str, *labels: str) -> float | None:
    return seen.series().get((f"ragpulse_{name}", "ray", *labels))


def test_a_ray_that_is_well_is_found_well(secret: Path) -> None:
    seen = look(routes(), secret)
    assert seen.errors() == {}
    assert of(seen, "service_up") == of(seen, "service_ready") == of(seen, "ray_node_alive", "sark") == 1
    assert of(seen, "ray_rank_info", "0", "sark", "reported") == 1


@pytest.mark.parametrize("name", SERVERS)
def test_whatever_happens_on_the_wire_nobody_is_told_as_lost(name: str, secret: Path) -> None:
    timeout = QUICK if REASONS[name] == "timeout" else PATIENT
    with SERVERS[name]() as url, Watch(url, secret, timeout, kinds=("ray",)) as watch:
        watch.round()
        seen = watch.seen()
    answered = name in [each for names in ANSWERED.values() for each in names]
    assert of(seen, "service_up") == answered
    assert of(seen, "service_ready") == 0
    assert of(seen, "ray_node_alive", "sark") is None
    assert set(seen.errors()) == ({"ray:ray"} if answered else set())
    seen.assert_contained()
    for text in (seen.page, seen.landing, seen.log):
        assert BODY.decode() not in text


@pytest.mark.parametrize("name", MISLEADING)
def test_a_good_status_over_something_else_tells_of_no_node(name: str, secret: Path) -> None:
    with partial(hostile, MISLEADING[name])() as url, Watch(url, secret, kinds=("ray",)) as watch:
        watch.round()
        seen = watch.seen()
    assert (of(seen, "service_up"), of(seen, "service_ready"), of(seen, "ray_node_alive", "sark")) == (1, 0, None)
    seen.assert_contained()


@pytest.mark.no_cover
@pytest.mark.parametrize(("path", "field"), FIELDS)
def test_every_value_of_every_field_is_contained(path: str, field: tuple[str | int, ...], secret: Path) -> None:
    for value in VALUES.values():
        seen = look(routes(path, field, value), secret)
        seen.assert_contained()
        assert of(seen, "service_up") == 1


@pytest.mark.parametrize("page", UNREADABLE.values(), ids=UNREADABLE)
def test_a_page_that_nobody_says_costs_no_node(page: str | bytes, secret: Path) -> None:
    """Pages of vLLM that are none, under the names that it has on Ray's pages."""
    raw = (page if isinstance(page, bytes) else page.encode()).replace(b"vllm:", b"ray_vllm_")
    seen = look(routes(page=raw), secret)
    assert of(seen, "ray_node_alive", "sark") == 1
    assert set(seen.errors()) == {"ray:ray"}
    seen.assert_contained()


@pytest.mark.parametrize("name", LEFT_OUT)
def test_of_a_page_without_end_a_bounded_number_is_shown_and_the_rest_counted(name: str, secret: Path) -> None:
    page, left_out = LEFT_OUT[name]
    seen = look(routes(page=PAGE + page.replace("vllm:", "ray_vllm_").encode()), secret)
    assert seen.errors() == {}
    assert seen.series()["ragpulse_source_dropped_series", "ray:ray"] == left_out
    assert of(seen, "ray_actors", "DEAD") == 2
    seen.assert_contained()


@pytest.mark.parametrize("label", ["Name", "State", "JobId"])
def test_ten_thousand_values_of_a_label_add_no_series(label: str, secret: Path) -> None:
    before = len(look(routes(), secret).series())
    lines = "".join(f'ray_actors{{{label}="v{number}"}} 1\n' for number in range(MANY))
    seen = look(routes(page=PAGE + lines.encode()), secret)
    assert len(seen.series()) == before
    assert seen.series()["ragpulse_source_dropped_series", "ray:ray"] >= MANY
    seen.assert_contained()


def test_ten_thousand_nodes_and_ranks_are_bounded(secret: Path) -> None:
    nodes = listed(
        *({**NODE, "node_id": f"n{number}", "node_ip": "192.0.2.9", "is_head_node": False} for number in range(5000))
    )
    workers = listed(*({"name": f"vllm_Worker_x_TP{number % 9999}", "node_id": "n1"} for number in range(MANY)))
    answers = routes() | {
        nodes_path(): answer(json.dumps(nodes).encode()),
        workers_path(): answer(json.dumps(workers).encode()),
    }
    seen = look(answers, secret)
    seen.assert_contained()
    assert sum(name[0].startswith("ragpulse_ray_rank") for name in seen.series()) <= 256

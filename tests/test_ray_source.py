"""Ray's nodes against those that are expected, over real HTTP: whole, one lost, without dashboard, without anything."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exporters.ray_pages import MAX_PAGES
from exporters.source import PartError
from ragpulse.catalogue.ray import DASHBOARD_STATES, DISCOVERY_STATES
from ragpulse.inventory import Node
from ragpulse.metric import Sample, series
from tests.fakes.http_replay import hang, refusing_url, reply, reply_json, speak
from tests.fakes.ray_cluster import RayCluster, captured, nodes_path, only_alive, ray_cluster, workers_path
from tests.fakes.readings import by_series
from tests.fakes.watched import QUICK

UP, READY = 'ragpulse_service_up{service="ray"}', 'ragpulse_service_ready{service="ray"}'
TOKEN = "throw-away-token-of-a-test-server"


@pytest.fixture
def ray(tmp_path: Path) -> Iterator[RayCluster]:
    with ray_cluster(tmp_path) as cluster:
        yield cluster


def alive(found: dict[str, float]) -> dict[str, float]:
    start = 'ragpulse_ray_node_alive{service="ray",ray_node="'
    return {name.removeprefix(start).rstrip('"}'): value for name, value in found.items() if name.startswith(start)}


def state(found: dict[str, float], metric: str, states: tuple[str, ...]) -> str:
    (current,) = [one for one in states if found[f'ragpulse_ray_{metric}_state{{service="ray",state="{one}"}}']]
    return current


def lose_the_worker(ray: RayCluster) -> None:
    """As it is 60 s after its raylet was killed."""
    ray.dashboard.get(nodes_path(), reply(body=only_alive(captured("state-api-nodes-one-dead.json"))))
    ray.head.get("/metrics", reply(body=captured("ray-2.60.0-head-one-dead.excerpt.prom")))
    ray.worker_ends()
    ray.write(ray.lists("discovery-one-dead.json"))


def test_two_nodes_that_live_are_ready_and_the_figures_are_those_of_the_recordings(ray: RayCluster) -> None:
    found = by_series(ray.source().read())
    assert (found[UP], found[READY], alive(found)) == (1, 1, {"sark": 1, "clu": 1})
    assert found['ragpulse_ray_expected_nodes{service="ray"}'] == found['ragpulse_ray_nodes_alive{service="ray"}'] == 2
    assert found['ragpulse_ray_unknown_nodes{service="ray"}'] == 0
    assert found['ragpulse_ray_node_failures_total{service="ray"}'] == 0
    assert found['ragpulse_ray_info{service="ray",version="2.60.0"}'] == 1
    assert found['ragpulse_ray_actors{service="ray",state="DEAD"}'] == 1
    assert found['ragpulse_ray_actors{service="ray",state="ALIVE"}'] == 2
    assert found['ragpulse_ray_actors{service="ray",state="ALIVE_IDLE"}'] == 2, "one on each node"
    assert found['ragpulse_ray_tasks{service="ray",state="FAILED"}'] == 3
    assert found['ragpulse_ray_tasks{service="ray",state="FINISHED"}'] == 10
    assert found['ragpulse_ray_object_store_total_bytes{service="ray",ray_node="clu"}'] == 80_000_000
    assert found['ragpulse_ray_worker_evictions_total{service="ray",ray_node="clu"}'] == 0
    assert found['ragpulse_source_dropped_series{source="ray:ray"}'] == 0


@pytest.mark.parametrize("way", ["state API", "discovery file", "count of the head and the port of the node"])
def test_a_node_that_vanished_is_told_as_lost_whatever_of_the_head_can_be_read(ray: RayCluster, way: str) -> None:
    keys: dict[str, Any] = {"metrics_ports": (ray.port,)}
    if way == "discovery file":
        keys["discovery_file"] = str(ray.file)
    if way != "state API":
        ray.dashboard.get(nodes_path(), speak(b""))
    source = ray.source(**keys)
    assert alive(by_series(source.read())) == {"sark": 1, "clu": 1}
    lose_the_worker(ray)
    if way != "state API":
        ray.dashboard.get(nodes_path(), speak(b""))
    found = by_series(source.read())
    assert (found[UP], found[READY], alive(found)) == (1, 0, {"sark": 1, "clu": 0})
    assert found['ragpulse_ray_nodes_alive{service="ray"}'] == 1
    assert found['ragpulse_ray_node_failures_total{service="ray"}'] == 1


def test_a_node_that_is_back_lives_though_its_former_self_is_dead(ray: RayCluster) -> None:
    ray.dashboard.get(nodes_path(), reply(body=only_alive(captured("state-api-nodes-back.json"))))
    assert alive(by_series(ray.source().read())) == {"sark": 1, "clu": 1}


def test_of_a_head_that_cannot_be_read_nothing_is_said_but_that_it_is_down(ray: RayCluster) -> None:
    lose_the_worker(ray)
    ray.head.get("/metrics", speak(b""))
    with refusing_url() as url:
        found = by_series(ray.source(url=url, discovery_file=str(ray.file), metrics_ports=(ray.port,)).read())
    assert (found[UP], found[READY], alive(found)) == (0, 0, {})
    assert found['ragpulse_ray_expected_nodes{service="ray"}'] == 2
    assert 'ragpulse_ray_nodes_alive{service="ray"}' not in found
    assert state(found, "dashboard", DASHBOARD_STATES) == "unreachable"
    assert found[f'ragpulse_ray_target_state{{service="ray",ray_node="sark",port="{ray.port}",state="unreachable"}}']


def test_a_dashboard_and_pages_that_hang_do_not_outlast_the_run(ray: RayCluster) -> None:
    ray.dashboard.get(nodes_path(), hang)
    ray.head.get("/metrics", hang)
    found = by_series(ray.source(timeout=QUICK, metrics_ports=(ray.port,)).read())
    assert (found[UP], alive(found)) == (0, {})


def test_a_node_at_an_address_that_no_node_has_is_counted_and_noted(ray: RayCluster) -> None:
    nodes = {"sark": Node(address="127.0.0.1"), "clu": Node(address="127.0.0.3")}
    source = ray.source(nodes=nodes)
    found = by_series(source.read())
    assert alive(found) == {"sark": 1, "clu": 0}
    assert found['ragpulse_ray_unknown_nodes{service="ray"}'] == 1
    assert (
        source.note == "a node of Ray lives at 127.0.0.2, which no node of the cluster file has: add it to its networks"
    )
    nodes["clu"] = Node(address="127.0.0.3", networks={"connectx": "127.0.0.2"})
    source = ray.source(nodes=nodes)
    assert alive(by_series(source.read())) == {"sark": 1, "clu": 1}
    assert source.note == ""


def test_the_token_goes_to_the_dashboard_alone(ray: RayCluster, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    found = by_series(ray.source(token_file=str(tmp_path / "token")).read())
    assert found[READY] == 1
    assert {asked.headers.get("Authorization") for asked in ray.dashboard.asked} == {f"Bearer {TOKEN}"}
    pages = ray.head.asked + ray.worker.asked
    assert len(pages) == 2
    assert not any("Authorization" in asked.headers for asked in pages)


@pytest.mark.parametrize(("status", "body"), [(401, "token-none.txt"), (403, "token-wrong.txt")])
def test_a_dashboard_that_refuses_our_token_is_told_and_the_pages_decide(
    ray: RayCluster, status: int, body: str
) -> None:
    ray.dashboard.get(nodes_path(), reply(status, captured(body)))
    source = ray.source(metrics_ports=(ray.port,))
    found = by_series(source.read())
    assert state(found, "dashboard", DASHBOARD_STATES) == "refusing"
    assert (found[UP], found[READY], alive(found)) == (1, 1, {"sark": 1, "clu": 1})
    assert "refuses our token: look at services.ray.token_file" in source.note
    source = ray.source()
    found = by_series(source.read())
    assert (found[UP], found[READY], alive(found)) == (1, 0, {}), "it answers; who lives cannot be known"


def test_a_token_that_cannot_be_read_costs_only_what_wants_it(ray: RayCluster, tmp_path: Path) -> None:
    found, error = partly(ray, token_file=str(tmp_path / "none"))
    assert "none: No such file" in error
    assert alive(found) == {"sark": 1, "clu": 1}, "this dashboard wants none"


def partly(ray: RayCluster, **keys: Any) -> tuple[dict[str, float], str]:
    """What was said, and the error at the end."""
    said: list[Sample] = []
    with pytest.raises(PartError) as caught:
        said.extend(ray.source(**keys).read())
    return by_series(said), str(caught.value)


def collect(ray: RayCluster, **keys: Any) -> dict[str, float]:
    return by_series(ray.source(**keys).read())


@pytest.mark.parametrize(
    ("content", "age", "expected"),
    [
        ("recorded", 0, "present"),
        ("recorded", 29, "present"),
        ("recorded", 31, "stale"),
        (None, 0, "missing"),
        (b"[{", 0, "unreadable"),
        (b'{"targets": []}', 0, "unreadable"),
        (b'[{"targets": ["127.0.0.1"]}]', 0, "unreadable"),
        (b'[{"targets": ["127.0.0.1:99999"]}]', 0, "unreadable"),
        (b"\xff", 0, "unreadable"),
    ],
)
def test_a_discovery_file_has_a_state_and_counts_only_when_it_is_fresh(
    ray: RayCluster, content: str | bytes | None, age: float, expected: str
) -> None:
    if content is None:
        ray.file.unlink()
    else:
        ray.write(ray.lists("discovery-alive.json") if content == "recorded" else content, age)  # type: ignore[arg-type]
    found = collect(ray, discovery_file=str(ray.file))
    assert state(found, "discovery", DISCOVERY_STATES) == expected
    listed = [value for name, value in found.items() if name.startswith("ragpulse_ray_target_listed")]
    assert listed == ([1, 1] if expected == "present" else [])
    assert alive(found) == {"sark": 1, "clu": 1}, "the state API knows"


def test_a_pipe_in_the_place_of_the_discovery_file_is_not_waited_for(ray: RayCluster, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert state(collect(ray, discovery_file=str(tmp_path / "pipe")), "discovery", DISCOVERY_STATES) == "unreadable"


def test_a_target_that_vanished_is_no_longer_listed(ray: RayCluster) -> None:
    source = ray.source(discovery_file=str(ray.file), metrics_ports=(ray.port,))
    listed = 'ragpulse_ray_target_listed{service="ray",ray_node="clu"}'
    assert by_series(source.read())[listed] == 1
    ray.write(ray.lists("discovery-one-dead.json"))
    assert by_series(source.read())[listed] == 0


def test_addresses_of_the_list_that_no_node_has_are_never_asked(ray: RayCluster) -> None:
    ray.write(json.dumps([{"targets": [f"127.0.0.9:{ray.port}", f"example.org:{ray.port}"]}]).encode())
    found = collect(ray, discovery_file=str(ray.file))
    assert not any("target_state" in name for name in found)
    assert ray.head.asked == ray.worker.asked == []


def test_with_ports_in_the_cluster_file_each_agent_reads_its_own_node(ray: RayCluster) -> None:
    found = collect(ray, metrics_ports=(ray.port,))
    assert ray.worker.asked == []
    on_worker = by_series(ray.on_worker(ray.port, 44217).read())
    assert len(ray.worker.asked) == 1
    store = 'ragpulse_ray_object_store_total_bytes{service="ray",ray_node="%s"}'
    assert store % "sark" in found
    assert store % "clu" not in found
    assert store % "clu" in on_worker
    assert not any("44217" in name for name in on_worker), "the head alone has that port"
    assert not found.keys() & on_worker.keys() - {
        name
        for name in found
        if name.startswith(("ragpulse_ray_actors", "ragpulse_ray_tasks", "ragpulse_ray_info", "ragpulse_source"))
    }, "what both say is summed over the nodes"


def test_several_ports_of_one_node_each_have_a_state(ray: RayCluster) -> None:
    other = ray.port + 1
    found = collect(ray, metrics_ports=(ray.port, other))
    target = 'ragpulse_ray_target_state{service="ray",ray_node="sark",port="%s",state="%s"}'
    assert found[target % (ray.port, "answering")] == found[target % (other, "unreachable")] == 1
    assert found[READY] == 1


def test_a_page_that_is_none_is_wrong_and_named_in_the_error(ray: RayCluster) -> None:
    ray.head.get("/metrics", reply(body=b"welcome\n"))
    found, error = partly(ray, metrics_ports=(ray.port,))
    assert error == f"page of sark:{ray.port} is no whole page of Prometheus metrics"
    assert found[f'ragpulse_ray_target_state{{service="ray",ray_node="sark",port="{ray.port}",state="wrong"}}'] == 1
    assert alive(found) == {"sark": 1, "clu": 1}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"result": False, "data": {"result": {"result": []}}},
        {"result": True, "data": {"result": {"result": [1]}}},
    ],
)
def test_an_answer_of_another_shape_is_no_cluster_without_nodes(ray: RayCluster, answer: object) -> None:
    ray.dashboard.get(nodes_path(), reply_json(answer))
    found, error = partly(ray)
    assert "its dashboard: " in error
    assert state(found, "dashboard", DASHBOARD_STATES) == "wrong"
    assert alive(found) == {}


def ranks(found: dict[str, float]) -> set[str]:
    return {
        name.partition('service="ray",')[2].rstrip("}") for name in found if name.startswith("ragpulse_ray_rank_info")
    }


def test_ranks_are_reported_by_the_names_of_vllms_workers_and_else_assumed(ray: RayCluster) -> None:
    reported = {'rank="0",ray_node="sark",source="reported"', 'rank="1",ray_node="clu",source="reported"'}
    assumed = {text.replace("reported", "assumed") for text in reported}
    assert ranks(collect(ray)) == reported
    ray.dashboard.get(workers_path(), reply_json({"result": True, "data": {"result": {"result": []}}}))
    assert ranks(collect(ray)) == assumed
    with refusing_url() as url:
        assert ranks(collect(ray, url=url)) == assumed


def test_ranks_of_a_layout_in_two_dimensions_are_counted_as_vllm_counts_them(ray: RayCluster) -> None:
    """Names as vLLM 0.32's executor writes them; no recording has two dimensions: made up."""
    workers = json.loads(captured("state-api-actors.json"))
    here, there = (entry["node_id"] for entry in workers["data"]["result"]["result"])
    workers["data"]["result"]["result"] = [
        {"name": f"vllm_Worker_x_TP{tp}_PP{pp}", "node_id": there if pp else here} for pp in (0, 1) for tp in (0, 1)
    ]
    ray.dashboard.get(workers_path(), reply_json(workers))
    assert ranks(collect(ray)) == {
        f'rank="{rank}",ray_node="{node}",source="reported"' for rank, node in enumerate(("sark", "sark", "clu", "clu"))
    }


def test_gpus_that_ray_counts_and_none_reports_are_both_told(ray: RayCluster) -> None:
    page = captured("ray-2.60.0-head-two-gpus-registered.excerpt.prom")
    ray.head.get("/metrics", reply(body=page))
    figures = 'ragpulse_ray_gpus_%s{service="ray",ray_node="%s"}'
    found = collect(ray)
    assert (found[figures % ("registered", "sark")], found[figures % ("reported", "sark")]) == (2, 0)
    assert (found[figures % ("registered", "clu")], found[figures % ("reported", "clu")]) == (0, 0)
    # Made up after Ray 2.60's source: no recording has GPUs that are reported.
    made_up = b"".join(b'ray_node_gpus_available{GpuIndex="%d",ip="192.0.2.2"} 1.0\n' % index for index in range(2))
    ray.head.get("/metrics", reply(body=page + made_up))
    assert collect(ray)[figures % ("reported", "sark")] == 2


def test_vllms_series_on_rays_pages_come_under_its_names_and_the_name_of_the_service(ray: RayCluster) -> None:
    ray.head.get("/metrics", reply(body=captured("ray-2.60.0-head-vllm-load.prom")))
    found = collect(ray)
    tokens = [name for name in found if name.startswith("ragpulse_vllm_generation_tokens_total")]
    assert tokens
    assert all('service="ray",model="tiny"' in name for name in tokens)
    assert alive(found) == {"sark": 1, "clu": 1}


def test_a_series_of_vllm_that_two_pages_have_is_told_once(ray: RayCluster) -> None:
    page = reply(body=captured("ray-2.60.0-head-vllm-load.prom"))
    ray.head.get("/metrics", page)
    once = {name: value for name, value in collect(ray).items() if name.startswith("ragpulse_vllm")}
    ray.worker.get("/metrics", page)
    found = collect(ray)
    assert {name: value for name, value in found.items() if name.startswith("ragpulse_vllm")} == once
    assert found['ragpulse_source_dropped_series{source="ray:ray"}'] == len(once)


def test_of_very_many_pages_the_first_are_read_and_it_is_said(ray: RayCluster) -> None:
    listed = [f"127.0.0.2:{port}" for port in range(20_000, 20_000 + MAX_PAGES + 5)]
    ray.write(json.dumps([{"targets": listed}]).encode())
    source = ray.source(discovery_file=str(ray.file))
    found = by_series(source.read())
    assert len({name.partition("state=")[0] for name in found if "target_state" in name}) == MAX_PAGES
    assert source.note == "5 metrics pages are not read: name services.ray.metrics_ports"


def test_a_day_of_looking_at_an_idle_cluster_says_the_same_each_time(ray: RayCluster) -> None:
    source = ray.source(discovery_file=str(ray.file), metrics_ports=(ray.port,))
    first = by_series(source.read())
    assert alive(first) == {"sark": 1, "clu": 1}
    assert all(by_series(source.read()) == first for _ in range(24))
    assert ray.head.connections == 1, "the connection is kept"


def test_every_sample_is_among_what_the_source_says_that_it_emits(ray: RayCluster) -> None:
    ray.head.get("/metrics", reply(body=captured("ray-2.60.0-head-vllm-load.prom")))
    source = ray.source(discovery_file=str(ray.file))
    samples = list(source.read())
    assert {sample.metric for sample in samples} <= set(source.emits)
    assert len({series(sample) for sample in samples}) == len(samples)

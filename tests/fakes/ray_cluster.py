"""A Ray cluster of two nodes over real HTTP, out of recordings of a real one: dashboard, discovery file, pages.

The head, `sark`, is on 127.0.0.1 (Ray calls it 192.0.2.2, as it called the machine of the recordings), `clu` on
127.0.0.2; their pages are at the same port.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from exporters.probe import Plan
from exporters.ray_head_source import RayHeadSource
from exporters.ray_members import Members
from exporters.ray_node_source import RayNodeSource
from ragpulse.inventory import Node
from ragpulse.services import Ray
from tests.fakes.http_replay import Replay, replay_server, reply
from tests.fakes.running import free_ports
from tests.fakes.watched import PATIENT

CAPTURES = Path(__file__).parent.parent / "captures" / "ray"
NODES = {"sark": Node(address="127.0.0.1"), "clu": Node(address="127.0.0.2")}
HEAD_ADDRESS = "192.0.2.2"
NOW = 1_000_000_000.0


def captured(name: str) -> bytes:
    return (CAPTURES / name).read_bytes()


def nodes_path() -> str:
    return "/api/v0/nodes?limit=1000&filter_keys=state&filter_predicates=%3D&filter_values=ALIVE"


def workers_path() -> str:
    return (
        "/api/v0/actors?limit=256&filter_keys=state&filter_predicates=%3D&filter_values=ALIVE"
        "&filter_keys=class_name&filter_predicates=%3D&filter_values=RayWorkerProc"
    )


def only_alive(body: bytes) -> bytes:
    """What the filter of our question leaves of a recording without it."""
    answer = json.loads(body)
    listed = answer["data"]["result"]["result"]
    answer["data"]["result"]["result"] = [entry for entry in listed if entry["state"] == "ALIVE"]
    return json.dumps(answer).encode()


@dataclass
class RayCluster:
    dashboard: Replay
    head: Replay
    worker: Replay
    file: Path
    worker_ends: Callable[[], None]

    @property
    def port(self) -> int:
        return urlsplit(self.head.url).port or 0

    def lists(self, name: str) -> bytes:
        """A recorded discovery file, with our port in the place of both nodes' own."""
        listed = json.loads(captured(name))
        listed[0]["targets"] = [
            target.replace(":28180", f":{self.port}").replace(":28181", f":{self.port}")
            for target in listed[0]["targets"]
            if not target.endswith((":44217", ":44227"))
        ]
        return json.dumps(listed).encode()

    def write(self, content: bytes, age: float = 0.0) -> None:
        self.file.write_bytes(content)
        os.utime(self.file, (NOW - age, NOW - age))

    def both_live(self) -> None:
        self.dashboard.get(nodes_path(), reply(body=only_alive(captured("state-api-nodes-alive.json"))))
        self.dashboard.get(workers_path(), reply(body=captured("state-api-actors.json")))
        self.dashboard.get("/api/version", reply(body=b'{"version": "4", "ray_version": "2.60.0"}'))
        self.dashboard.get("/api/prometheus/sd", reply(body=self.lists("discovery-alive.json")))
        self.head.get("/metrics", reply(body=captured("ray-2.60.0-head-actors.excerpt.prom")))
        self.worker.get("/metrics", reply(body=captured("ray-2.60.0-worker-actors.excerpt.prom")))
        self.write(self.lists("discovery-alive.json"))

    def source(self, *, timeout: float = PATIENT, nodes: dict[str, Node] = NODES, **keys: Any) -> RayHeadSource:
        """`keys` of the cluster file, beside the dashboard's."""
        ray = Ray.model_validate({"kind": "ray", "nodes": tuple(nodes), "url": self.dashboard.url} | keys)
        addresses = {name: (node.address, *node.networks.values()) for name, node in nodes.items()}
        members = Members(addresses, own=lambda: frozenset({HEAD_ADDRESS, "127.0.0.1"}))
        return RayHeadSource(plan(timeout), ray, nodes, members=members, wall=lambda: NOW)

    def on_worker(self, *ports: int) -> RayNodeSource:
        return RayNodeSource(plan(), Ray(kind="ray", nodes=tuple(NODES), metrics_ports=ports), "clu", NODES)


def plan(timeout: float = PATIENT) -> Plan:
    return Plan(service="ray", nodes=tuple(NODES), interval=6 * timeout, request_timeout=timeout, targets={})


@contextmanager
def ray_cluster(folder: Path) -> Iterator[RayCluster]:
    with ExitStack() as stack:
        (port,) = free_ports(1)
        dashboard = stack.enter_context(replay_server())
        head = stack.enter_context(replay_server("127.0.0.1", port))
        of_worker = stack.enter_context(ExitStack())
        worker = of_worker.enter_context(replay_server("127.0.0.2", port))
        file = folder / "prom_metrics_service_discovery.json"
        cluster = RayCluster(dashboard, head, worker, file, of_worker.close)
        cluster.both_live()
        yield cluster

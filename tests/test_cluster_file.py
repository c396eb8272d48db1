from pathlib import Path

import pytest

from ragpulse import cluster_file, yaml_file
from ragpulse.errors import ConfigError
from ragpulse.inventory import Cluster
from ragpulse.tiers import addresses

EXAMPLE = Path(__file__).parent.parent / "cluster.example.yaml"
SMALLEST = (
    "cluster: home\nnodes: {box: {address: 127.0.0.1}}\n"
    "services: {db: {kind: chroma, nodes: [box], url: 'http://127.0.0.1:8001'}}\n"
)


def parse(text: str) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "c.yaml"), "c.yaml")


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse(text)
    return str(error.value).splitlines()


def test_the_example_is_the_two_node_cluster_in_full() -> None:
    cluster = cluster_file.load(EXAMPLE)
    assert list(cluster.nodes) == ["sark", "clu"]
    assert {service.kind for service in cluster.services.values()} == {"vllm", "ray", "chroma", "memory", "http"}
    assert addresses(cluster.nodes["sark"]) == {
        "home": "192.168.68.69",
        "swarm": "192.168.100.69",
        "connectx": "192.168.101.69",
    }
    assert cluster.targets.response_time is not None
    assert cluster.targets.response_time.below == 0.1
    assert cluster.monitoring_nodes() == ("sark", "clu")


def test_one_node_and_one_service_are_enough_and_get_every_default_target() -> None:
    cluster = parse(SMALLEST)
    assert cluster.targets.availability is not None
    assert cluster.targets.availability.objective == 0.999
    assert cluster.monitoring_nodes() == ("box",)


def test_null_switches_a_target_off() -> None:
    assert parse(SMALLEST + "targets: {throughput: null}\n").targets.throughput is None


def test_a_cluster_cannot_be_changed_after_it_was_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse(SMALLEST).name = "other"  # type: ignore[misc]


def test_every_mistake_of_a_file_is_told_at_once_in_the_order_of_its_lines() -> None:
    found = mistakes(
        "cluster: Home\n"
        "nodes:\n"
        "  box: {address: 0.0.0.0, prt: 3}\n"
        "services:\n"
        "  db:\n"
        "    kind: chroma\n"
        "    nodes: [box]\n"
        "    ulr: http://127.0.0.1:8001\n"
        "    every: 5\n"
    )
    assert found == [
        "c.yaml:1: cluster: 'Home' is not a name: a small letter, then small letters, digits, - or _ (at most 63)",
        "c.yaml:3: nodes.box.address: 0.0.0.0 is no address of a machine; write the one that its peers reach",
        "c.yaml:3: nodes.box.prt: unknown key; did you mean port?",
        "c.yaml:5: services.db.url: is missing",
        "c.yaml:8: services.db.ulr: unknown key; did you mean url?",
        "c.yaml:9: services.db.every: 5 is not a number with a unit; write it like 10s (units: ms, s, m, h, d, w)",
    ]


def test_mistakes_of_every_kind_are_told_together_and_none_is_made_up() -> None:
    found = mistakes(
        "cluster: home\n"
        "nodes:\n"
        "  box: {address: 127.0.0.1, port: 1, port: 2}\n"
        "  lost: {address: 0.0.0.0}\n"
        "services:\n"
        "  db: {kind: chroma, nodes: [bx], ulr: http://a}\n"
        "  page: {kind: http, nodes: [lost, nowhere], url: http://a, depends_on: [db, dbb]}\n"
        "  when: {kind: http, nodes: [box], url: http://a, every: 2026-99-99}\n"
    )
    assert [line.partition(":")[2].split(";")[0] for line in found] == [
        "3: nodes.box.port: stands twice (first on line 3)",
        "4: nodes.lost.address: 0.0.0.0 is no address of a machine",
        "6: services.db.ulr: unknown key",
        "6: services.db.url: is missing",
        "7: services.page.depends_on[1]: no service is called dbb",
        "7: services.page.nodes[1]: no node is called nowhere",
        "8: services.when.every: '2026-99-99': month must be in 1..12",
    ]


def test_a_merged_mapping_may_be_used_twice() -> None:
    text = (
        "cluster: home\nnodes: {box: {address: 127.0.0.1}}\nservices:\n"
        "  one: &one {kind: http, nodes: [box], url: http://a}\n"
        "  two: &two {<<: *one, url: http://b}\n  three: *two\n"
    )
    assert [service.url for service in parse(text).services.values() if service.kind == "http"] == [
        "http://a", "http://b", "http://b",
    ]  # fmt: skip


NODE = "cluster: home\nnodes: {box: {address: 127.0.0.1}}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: 1\na: 2\n", "c.yaml:2: a: stands twice (first on line 1); keep one", id="a key twice"),
        pytest.param("a: [", "c.yaml:1: is not YAML: ", id="not YAML"),
        pytest.param("- 1\n", "c.yaml: is not a cluster file", id="a list"),
        pytest.param("", "c.yaml: is not a cluster file", id="an empty file"),
        pytest.param(
            NODE + "services: {v: {kind: vlm, nodes: [box]}}\n",
            "c.yaml:3: services.v: unknown kind 'vlm'; did you mean vllm?",
            id="an unknown kind",
        ),
        pytest.param(
            NODE + "services: {v: {kind: http, nodes: [bx], url: 'http://a'}}\n",
            "c.yaml:3: services.v.nodes[0]: no node is called bx; did you mean box?",
            id="an unknown node",
        ),
        pytest.param(
            NODE + "services: {v: {kind: http, nodes: [box], url: 'http://u:p@a'}}\n",
            "c.yaml:3: services.v.url: holds credentials; put them into a file and name the file",
            id="credentials in a URL",
        ),
        pytest.param(
            NODE + "services:\n  a: {kind: http, nodes: [box], url: 'http://a', depends_on: [b]}\n"
            "  b: {kind: http, nodes: [box], url: 'http://a', depends_on: [a]}\n",
            "c.yaml:4: services.a.depends_on: goes round in a circle: a → b → a",
            id="dependencies in a circle",
        ),
        pytest.param(
            NODE + "services:\n  x: {kind: http, nodes: [box], url: 'http://a', depends_on: [y, z]}\n"
            "  y: {kind: http, nodes: [box], url: 'http://a'}\n"
            "  z: {kind: http, nodes: [box], url: 'http://a', depends_on: [x]}\n",
            "c.yaml:4: services.x.depends_on: goes round in a circle: x → z → x",
            id="a circle that is not the first dependency's",
        ),
        pytest.param(
            NODE + "services: {v: {kind: chroma, nodes: [box], url: 'http://a', every: 10s, timeout: 10s}}\n",
            "c.yaml:3: services.v.timeout: 10s is too long: the 3 checks of a run must fit into 10s (`every`)",
            id="requests that take longer than the time between two runs",
        ),
        pytest.param(
            NODE + "services: {v: {kind: chroma, nodes: [box], url: 'http://a', token_prefix: \"Bearer\\n\"}}\n",
            "c.yaml:3: services.v.token_prefix: 'Bearer\\n' cannot stand in an HTTP header",
            id="a prefix that no header can hold",
        ),
        pytest.param(
            "cluster: h\nnodes:\n  a: {address: 127.0.0.1, networks: {home: 127.0.0.2}}\n",
            "c.yaml:3: nodes.a.networks.home: is the network of `address`; call this one otherwise",
            id="a network with the name of the home network",
        ),
        pytest.param(
            "cluster: h\nnodes:\n  a: {address: 127.0.0.1}\n  b: {address: 127.0.0.1}\n",
            "c.yaml:4: nodes.b.address: 127.0.0.1:9477 is already the agent of a",
            id="two agents at one address",
        ),
        pytest.param(
            NODE + "monitoring: {ports: {overview: 9090}}\n",
            "c.yaml:3: monitoring.ports.prometheus: 9090 is already the port of overview",
            id="two listeners on one port",
        ),
        pytest.param(
            NODE + "targets: {response_time: {of: {vllm: end_to_end}}}\n",
            "c.yaml:3: targets.response_time: vLLM's end-to-end histogram starts at 300 ms",
            id="a target that cannot be measured",
        ),
        pytest.param(
            NODE + "targets: {availability: {objective: 99.9}}\n",
            "c.yaml:3: targets.availability.objective: 99.9: input should be less than 1",
            id="a percentage where a ratio belongs",
        ),
        pytest.param(
            NODE + "backups: {b: {kind: borg, node: box, covers: db}}\n",
            "c.yaml:3: backups.b: needs state_file (or repository) to know anything of the backup",
            id="a backup of which nothing can be known",
        ),
        pytest.param(
            NODE + "notify: {receivers: {d: {kind: webhook}}, page: [d, e]}\n",
            "c.yaml:3: notify.page[1]: no receiver is called e; there is: d",
            id="an unknown receiver",
        ),
        pytest.param(
            NODE + "services: {v: {kind: http, nodes: [box], url: 'http://a', every: 31s}}\n",
            "c.yaml:3: services.v.every: 31s is too seldom: at most 30s with a scrape_interval of 10s, because a"
            " verdict needs two probes within 1m",
            id="probes too seldom for a verdict",
        ),
        pytest.param(
            NODE + "monitoring: {scrape_interval: 20s}\n"
            "services: {v: {kind: http, nodes: [box], url: 'http://a', every: 2m}}\n",
            "c.yaml:4: services.v.every: 2m is too seldom: at most 1m with a scrape_interval of 20s, because a verdict"
            " needs two probes within 2m",
            id="probes too seldom at a longer scrape interval",
        ),
        pytest.param(
            NODE + "monitoring: {scrape_interval: 121s}\n",
            "c.yaml:3: monitoring.scrape_interval: 121s is more than 2m: Prometheus looks back 5 minutes, so one lost"
            " scrape would make everything unknown",
            id="scrapes too far apart for Prometheus",
        ),
        pytest.param(
            NODE + "monitoring: {scrape_interval: 999ms}\n",
            "c.yaml:3: monitoring.scrape_interval: 999ms is less than 1s: a scrape must end within 0.3 of it",
            id="scrapes faster than they can be answered",
        ),
        pytest.param(
            NODE + "targets: {gpu_utilization: {low: 0}}\n",
            "c.yaml:3: targets.gpu_utilization.low: 0: input should be greater than 0",
            id="a promise of nothing",
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_place_and_mend(text: str, message: str) -> None:
    assert any(line.startswith(message) for line in mistakes(text)), mistakes(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("monitoring: {scrape_interval: 1s}\n", id="the shortest scrape interval"),
        pytest.param("monitoring: {scrape_interval: 2m}\n", id="the longest scrape interval"),
        pytest.param(
            "services: {v: {kind: http, nodes: [box], url: 'http://a', every: 30s}}\n", id="the longest probe interval"
        ),
    ],
)
def test_a_time_at_its_limit_is_allowed(text: str) -> None:
    parse(NODE + text)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file"):
        cluster_file.load(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"cluster: caf\xe9\n")
    with pytest.raises(ConfigError, match=r"latin\.yaml: is not UTF-8 text"):
        cluster_file.load(tmp_path / "latin.yaml")


def test_aliases_that_repeat_without_end_are_refused() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
    )
    with pytest.raises(ConfigError, match="aliases repeat too much"):
        yaml_file.parse(bomb, "bomb.yaml")


def test_a_file_nested_without_end_is_refused() -> None:
    with pytest.raises(ConfigError, match="nested too deeply"):
        yaml_file.parse("[" * 3000, "deep.yaml")

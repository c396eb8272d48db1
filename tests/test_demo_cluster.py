"""The demo's cluster file is valid and says what it is; its secrets stay private; its plan holds none of them."""

import stat
from pathlib import Path

import pytest

from ragpulse import cluster_file, vantage, yaml_file
from ragpulse.demo.cluster import chroma_token_file, cluster_text, keep_secrets, vllm_key_file
from ragpulse.demo.ports import SETTING, DemoPorts
from ragpulse.demo.processes import demo_processes
from ragpulse.errors import RagpulseError
from ragpulse.inventory import Cluster
from ragpulse.rag_stages import stages
from ragpulse.receivers import Webhook
from ragpulse.services import Chroma, Memory, Rag, Vllm
from ragpulse.stack.process import Process
from ragpulse.targets import Targets

PORTS = DemoPorts.starting_at(20000)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "a state: #1 'here' \"there\" ü"


def demo(state: Path, ports: DemoPorts = PORTS) -> Cluster:
    return cluster_file.parse(yaml_file.parse(cluster_text(state, ports), "demo"), "demo")


def plan(state: Path) -> list[Process]:
    return demo_processes(state, PORTS, Path("/opt/chroma"), "/usr/bin/python3")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_ports_are_moved_all_at_once_in_the_order_of_their_fields() -> None:
    assert DemoPorts.starting_at(20000) == DemoPorts(20000, 20001, 20002, 20003, 20004, 20005, 20006, 20007)
    assert DemoPorts.starting_at(65528).memory == 65535


@pytest.mark.parametrize("base", [0, -1, 65529])
def test_a_base_without_eight_ports_above_it_is_refused(base: int) -> None:
    with pytest.raises(RagpulseError, match=rf"--ports-from {base}: the demo needs 8 ports .* 1024 to 65528"):
        DemoPorts.starting_at(base)


def test_the_file_is_valid_and_puts_all_services_on_alpha_so_that_beta_probes_them(state: Path) -> None:
    cluster = demo(state)
    assert cluster.name == "demo"
    assert {name: str(node.address) for name, node in cluster.nodes.items()} == {
        "alpha": "127.0.0.1",
        "beta": "127.0.0.2",
    }
    assert {vantage.home(cluster, name) for name in cluster.services} == {"alpha"}
    assert {vantage.vantages(cluster, name) for name in cluster.services} == {("beta",)}
    assert cluster.monitoring_nodes() == ("alpha",)
    assert cluster.monitoring.scrape_interval == 5


def test_every_port_of_the_file_is_the_one_asked_for(state: Path) -> None:
    cluster = demo(state)
    assert {node.port for node in cluster.nodes.values()} == {PORTS.agent}
    assert cluster.monitoring.ports.model_dump(exclude={"alertmanager_cluster", "relay"}) == {
        "overview": PORTS.overview,
        "receiver": PORTS.receiver,
        "prometheus": PORTS.prometheus,
        "alertmanager": PORTS.alertmanager,
    }
    urls = {
        name: service.url for name, service in cluster.services.items() if isinstance(service, Vllm | Chroma | Memory)
    }
    assert urls == {
        name: f"http://127.0.0.1:{port}"
        for name, port in (("vllm", PORTS.vllm), ("chroma", PORTS.chroma), ("memory", PORTS.memory))
    }
    desk = Webhook(kind="webhook", url=f"http://127.0.0.1:{PORTS.receiver}/notifications")
    assert cluster.notify.receivers == {"desk": desk}
    assert cluster.notify.page == cluster.notify.ticket == ("desk",)


@pytest.mark.parametrize("base", [1, 9091, 9094, 65528])
def test_the_file_is_valid_wherever_its_ports_begin(state: Path, base: int) -> None:
    """9094 would be the port between two Alertmanagers, if there were two."""
    assert demo(state, DemoPorts.starting_at(base)).monitoring.ports.overview == base


def test_services_are_reached_with_the_secrets_and_data_of_the_state_folder(state: Path) -> None:
    services = demo(state).services
    vllm, chroma, memory = services["vllm"], services["chroma"], services["memory"]
    assert isinstance(vllm, Vllm)
    assert isinstance(chroma, Chroma)
    assert isinstance(memory, Memory)
    assert (vllm.model, vllm.api_key_file) == ("stand-in", str(vllm_key_file(state)))
    assert (chroma.token_file, chroma.token_header, chroma.token_prefix) == (
        str(chroma_token_file(state)), "X-Chroma-Token", "",
    )  # fmt: skip
    assert chroma.data_dir == str(state / "data" / "chroma")
    assert chroma.query
    assert chroma.query.collection == "documents"
    assert memory.ready
    assert memory.search


def test_a_path_goes_through_all_three_services(state: Path) -> None:
    cluster = demo(state)
    path = cluster.services["rag"]
    assert isinstance(path, Rag)
    found = {stage.operation: stage.service for stage in stages(cluster, path)}
    assert found == {"retrieval": "chroma", "search_memory": "memory", "chat": "vllm"}


def test_only_throughput_and_the_window_that_fits_its_retention_differ_from_the_usual(state: Path) -> None:
    differing = {"throughput": {"at_least": "100 tokens/s"}, "availability": {"window": "1d"}}
    assert demo(state).targets == Targets.model_validate(differing)


def test_the_head_of_the_file_says_that_both_nodes_are_one_machine(state: Path) -> None:
    head = cluster_text(state, PORTS).partition("cluster:")[0]
    assert head.startswith("# The demo")
    assert "Both nodes are this one machine" in head


def test_secrets_are_private_and_kept_by_the_next_start(state: Path) -> None:
    keep_secrets(state)
    files = (vllm_key_file(state), chroma_token_file(state))
    secrets = [file.read_text() for file in files]
    assert len(set(secrets)) == 2
    assert all(len(secret) >= 32 and secret == secret.strip() for secret in secrets)
    files[0].chmod(0o644)
    keep_secrets(state)
    assert [file.read_text() for file in files] == secrets
    assert [mode(file) for file in files] == [0o600, 0o600]
    assert mode(files[0].parent) == 0o700


def test_an_empty_secret_is_made_anew(state: Path) -> None:
    keep_secrets(state)
    vllm_key_file(state).write_text("")
    keep_secrets(state)
    assert len(vllm_key_file(state).read_text()) >= 32


def test_no_secret_stands_in_the_cluster_file_or_in_the_plan(state: Path) -> None:
    keep_secrets(state)
    text = cluster_text(state, PORTS)
    for secret in (vllm_key_file(state).read_text(), chroma_token_file(state).read_text()):
        assert secret not in text
        assert secret not in repr(plan(state))


def test_the_plan_listens_on_loopback_only_and_names_what_moves_a_port(state: Path) -> None:
    listens = {process.name: [str(listen) for listen in process.listens] for process in plan(state)}
    assert listens == {
        "chroma": [f"127.0.0.1:{PORTS.chroma}"],
        "chroma-fill": [],
        "chroma-canary": [],
        "memory": [f"127.0.0.1:{PORTS.memory}"],
        "vllm": [f"127.0.0.1:{PORTS.vllm}"],
        "load": [],
        "receiver": [f"127.0.0.1:{PORTS.receiver}"],
    }
    assert {listen.setting for process in plan(state) for listen in process.listens} == {SETTING}
    assert [process.name for process in plan(state) if process.task] == ["chroma-fill", "chroma-canary"]
    assert all((process.ready_url is not None) == bool(process.listens) for process in plan(state))

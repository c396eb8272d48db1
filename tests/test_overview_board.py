"""What is on the Overview board, and what Grafana is told besides the boards."""

from dashboards.render import provisioning
from ragpulse.objectives import objectives
from tests.fakes.board_json import EXAMPLE, cluster, drawn, example, panels

BOARD = example()["overview"]


def titles(text: str) -> list[str]:
    return [panel["title"] for panel in panels(drawn(cluster(text))["overview"])]


def test_the_first_row_judges_each_kind_of_target_once() -> None:
    first = [panel["title"] for panel in panels(BOARD) if panel["gridPos"]["y"] == 0]
    assert len(first) == len({objective.slo for objective in objectives(EXAMPLE)}) + 1
    assert first[-1] == "Pages firing"


def test_components_stand_beside_those_of_their_board() -> None:
    row = {panel["title"]: panel for panel in panels(BOARD) if panel["gridPos"]["h"] == 5}
    assert list(row) == ["Nodes", "Inference", "Retrieval and others", "Backups"]
    asked = {title: panel["targets"][0]["expr"] for title, panel in row.items()}
    assert 'component=~"vllm|ray"' in asked["Inference"]
    assert 'component=~"chroma|memory|gateway|rag"' in asked["Retrieval and others"]


def test_what_a_cluster_does_not_have_is_not_on_the_board() -> None:
    assert titles("cluster: c\nnodes: {a: {address: 127.0.0.1}}\n") == ["Pages firing", "Nodes"]


def test_gpus_have_their_panels_unless_none_is_to_be_read() -> None:
    text = "cluster: c\nnodes: {a: {address: 127.0.0.1, gpu: %s}}\ntargets: {gpu_utilization: ~}\n"
    read, disabled = (
        [panel["title"] for panel in panels(drawn(cluster(text % gpu))["machines"])] for gpu in ("auto", "disabled")
    )
    assert "GPU busy" in read
    assert "Time in the band" not in read
    assert not [title for title in disabled if "GPU" in title]


def test_grafana_is_told_the_scrape_interval_and_where_the_boards_lie() -> None:
    files = provisioning(EXAMPLE)
    assert "timeInterval: 10s" in files["datasources/ragpulse.yml"]
    assert "url: http://192.168.68.69:9090" in files["datasources/ragpulse.yml"]
    assert "path: ${RAGPULSE_DASHBOARDS}" in files["dashboards/ragpulse.yml"]

"""What is on the Overview board, and what Grafana is told besides the boards."""

from dashboards.render import provisioning
from ragpulse.objectives import objectives
from tests.fakes.board_json import EXAMPLE, cluster, drawn, example, expressions, panel, panels, urls

BOARD = example()["overview"]


def titles(text: str) -> list[str]:
    return [each["title"] for each in panels(drawn(cluster(text))["overview"])]


def test_the_first_row_judges_each_kind_of_target_once_and_what_all_else_rests_on() -> None:
    first = [each["title"] for each in panels(BOARD) if each["gridPos"]["y"] == 0]
    assert first[-3:] == ["Pages firing", "Backups not up", "Monitoring not up"]
    assert len(first) == len({objective.slo for objective in objectives(EXAMPLE)}) + 3


def test_components_stand_beside_those_of_their_board() -> None:
    row = {each["title"]: each for each in panels(BOARD) if each["gridPos"]["h"] == 5}
    assert list(row) == ["Nodes", "Inference", "Retrieval and others", "Backups"]
    asked = {title: expressions(tile)[0] for title, tile in row.items()}
    assert 'component=~"vllm|ray"' in asked["Inference"]
    assert 'component=~"chroma|memory|gateway|rag"' in asked["Retrieval and others"]


def test_what_a_cluster_does_not_have_is_not_on_the_board() -> None:
    bare = set(titles("cluster: c\nnodes: {a: {address: 127.0.0.1}}\n"))
    assert {"Pages firing", "Monitoring not up", "Nodes"} <= bare
    assert not {"Objectives", "Inference", "Retrieval and others", "Backups", "Backups not up"} & bare


def test_the_emptiest_of_each_kind_is_asked_for_where_there_is_one() -> None:
    text = "cluster: c\nnodes: {a: {address: 127.0.0.1, gpu: disabled}}\n"
    asked = expressions(panel(drawn(cluster(text))["overview"], "Fullest of each kind"))
    assert not [each for each in asked if "_gpu_" in each or "kv_cache" in each]
    assert len(asked) == 2
    assert len(expressions(panel(BOARD, "Fullest of each kind"))) == 4


def test_an_alert_leads_to_its_runbook() -> None:
    (runbook, *_) = urls(panel(BOARD, "Alerts firing")["fieldConfig"]["overrides"])
    assert runbook == 'http://127.0.0.1:9478/runbooks/${__data.fields["Alert"]}'


def test_gpus_have_their_panels_unless_none_is_to_be_read() -> None:
    text = "cluster: c\nnodes: {a: {address: 127.0.0.1, gpu: %s}}\ntargets: {gpu_utilization: ~}\n"
    read, disabled = (
        [each["title"] for each in panels(drawn(cluster(text % gpu))["machines"])] for gpu in ("auto", "disabled")
    )
    assert "GPU busy" in read
    assert "Time in the band" not in read
    assert not [title for title in disabled if "GPU" in title]


def test_grafana_is_told_the_scrape_interval_and_where_the_boards_lie() -> None:
    files = provisioning(EXAMPLE)
    assert "timeInterval: 10s" in files["datasources/ragpulse.yml"]
    assert "url: http://192.168.68.69:9090" in files["datasources/ragpulse.yml"]
    assert "path: ${RAGPULSE_DASHBOARDS}" in files["dashboards/ragpulse.yml"]

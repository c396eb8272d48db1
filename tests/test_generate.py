"""`ragpulse generate`: the same bytes each time, nothing of a person's removed, and the committed copies current."""

import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from dashboards.links import NAMES
from ragpulse import budget, cluster_file
from ragpulse.catalogue import ALL
from ragpulse.commands import generate
from ragpulse.errors import RagpulseError
from ragpulse.generated import MARK

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "cluster.example.yaml"

app = typer.Typer()
app.command()(generate.generate)

RULES = [
    "availability",
    "backup",
    "budget",
    "chroma",
    "chroma_data",
    "chroma_state",
    "component_state",
    "gpu",
    "gpu_errors",
    "gpu_headroom",
    "gpu_limits",
    "gpu_utilization",
    "memory",
    "monitoring",
    "node",
    "network",
    "node_disk",
    "node_disk_growth",
    "node_health",
    "node_memory",
    "notifications",
    "prometheus_health",
    "rag",
    "ray",
    "ray_losses",
    "rdma",
    "recall",
    "response_time",
    "service",
    "throughput",
    "time_to_first_token",
    "vllm",
    "vllm_demand",
    "vllm_errors",
    "vllm_sight",
    "watched",
]
COUNT = len(generate.files(cluster_file.load(EXAMPLE)))


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_the_layout_is_that_of_the_design() -> None:
    cluster = cluster_file.load(EXAMPLE)
    assert set(generate.files(cluster)) == {
        "prometheus/prometheus.yml", "prometheus/targets/agents.json",
        *(f"prometheus/rules/{name}.yml" for name in RULES),
        *(f"prometheus/rules/{each.slo}_budget_{each.service}.yml" for each in budget.budgeted(cluster)),
        "alertmanager/alertmanager.yml", "alertmanager/templates/ragpulse.tmpl",
        *(f"dashboards/{name}.json" for name in NAMES),
        "grafana/provisioning/datasources/ragpulse.yml", "grafana/provisioning/dashboards/ragpulse.yml",
    }  # fmt: skip


def test_the_same_cluster_gives_the_same_bytes() -> None:
    assert generate.files(cluster_file.load(EXAMPLE)) == generate.files(cluster_file.load(EXAMPLE))


def test_every_file_that_can_says_who_made_it() -> None:
    for name, content in generate.files(cluster_file.load(EXAMPLE)).items():
        if name.endswith(".yml"):
            assert content.startswith(f"# {MARK} tron; do not edit\n"), name
        elif name.startswith("dashboards/") or name.endswith(".tmpl"):
            assert f"{MARK} tron; do not edit" in content


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    assert run("--config", EXAMPLE, "--out", tmp_path)[0] == 0
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert run("--config", EXAMPLE, "--out", tmp_path) == (0, f"{COUNT} files in {tmp_path} are current\n")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_check_names_each_file_that_is_not_current_and_writes_nothing(tmp_path: Path) -> None:
    run("--config", EXAMPLE, "--out", tmp_path)
    assert run("--config", EXAMPLE, "--out", tmp_path, "--check")[0] == 0
    touched, missing = tmp_path / "prometheus/rules/node.yml", tmp_path / "dashboards/overview.json"
    extra = tmp_path / "prometheus/rules/gone.yml"
    touched.write_bytes(touched.read_bytes() + b"\n")
    missing.unlink()
    extra.write_text(f"# {MARK} an earlier run\n")
    code, said = run("--config", EXAMPLE, "--out", tmp_path, "--check")
    assert code == 1
    assert f"{touched}: differs" in said
    assert f"{missing}: is missing" in said
    assert f"{extra}: not wanted any more" in said
    assert f"3 of {COUNT} files are not current" in said
    assert not missing.exists()
    assert extra.exists()


def test_files_of_an_earlier_run_go_and_those_of_a_person_stay(tmp_path: Path) -> None:
    rules = tmp_path / "prometheus" / "rules"
    rules.mkdir(parents=True)
    (rules / "old.yml").write_text(f"# {MARK} tron; do not edit\ngroups: []\n")
    (rules / "mine.yml").write_text("groups: []\n")
    code, said = run("--config", EXAMPLE, "--out", tmp_path)
    assert code == 0
    assert "removed prometheus/rules/old.yml" in said
    assert not (rules / "old.yml").exists()
    assert (rules / "mine.yml").exists()


def test_the_committed_copies_are_current() -> None:
    code, said = run("--config", EXAMPLE, "--committed", "--check")
    assert code == 0, said


def test_one_byte_in_a_committed_copy_is_found(tmp_path: Path) -> None:
    for folder in ("alerts/generated", "dashboards/generated", "compose/grafana", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(EXAMPLE, tmp_path)
    example = tmp_path / "cluster.example.yaml"
    assert run("--config", example, "--committed", "--check")[0] == 0
    target = tmp_path / "docs" / "metrics.md"
    target.write_bytes(target.read_bytes().replace(b"metrics", b"metricS", 1))
    code, said = run("--config", example, "--committed", "--check")
    assert code == 1
    assert f"{target}: differs" in said


def test_the_document_of_metrics_names_every_metric() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text()
    assert all(f"| `{metric.name}` | {metric.kind} |" in text for metric in ALL)


@pytest.mark.parametrize(
    "arguments",
    [pytest.param([], id="neither"), pytest.param(["--out", "x", "--committed"], id="both")],
)
def test_one_place_to_write_to_must_be_named(arguments: list[str]) -> None:
    with pytest.raises(RagpulseError, match="--out FOLDER"):
        run("--config", EXAMPLE, *arguments)


def test_committed_copies_belong_to_the_repository_only(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    with pytest.raises(RagpulseError, match="is not the repository"):
        run("--config", tmp_path / EXAMPLE.name, "--committed")


def test_what_else_must_run_and_which_file_is_wrong_is_said(tmp_path: Path) -> None:
    file, secret = tmp_path / "c.yaml", tmp_path / "desk"
    file.write_text(
        "cluster: c\nnodes: {a: {address: 127.0.0.1}}\n"
        f"notify: {{receivers: {{desk: {{kind: webhook, url_file: {secret}}}}}, page: [desk]}}\n"
    )
    adapter = "note: notify: desk (webhook) is told through the adapter at 127.0.0.1:9480, which `ragpulse up` starts"
    missing = f"note: notify.receivers.desk.url_file: {secret} does not exist (on this machine)"
    assert run("--config", file, "--out", tmp_path / "out")[1].splitlines()[:2] == [adapter, missing]
    secret.write_text("")
    assert (
        f"{secret} is empty; it must hold the secret (on this machine)"
        in run("--config", file, "--out", tmp_path / "out")[1]
    )
    secret.write_text("http://127.0.0.1:1/")
    assert "url_file" not in run("--config", file, "--out", tmp_path / "out")[1]

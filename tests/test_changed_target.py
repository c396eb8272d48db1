"""One number in the cluster file, and all that is derived from it follows: rules, their speeds, boards, report."""

from pathlib import Path

import pytest

from ragpulse import cluster_file, yaml_file
from ragpulse.commands import generate
from ragpulse.inventory import Cluster
from ragpulse.objectives import objectives
from ragpulse.report.attained import Sums, judged
from ragpulse.report.window import Window
from tests.fakes.binaries import each_generation
from tests.fakes.rule_cases import FOLDER
from tests.fakes.rule_tests import run_promtool

EXAMPLE = (Path(__file__).parent.parent / "cluster.example.yaml").read_text()
PROMISED = "availability:        {objective: 0.999, window: 30d}"
CHANGED = "availability:        {objective: 0.995, window: 30d}"


def parsed(text: str) -> Cluster:
    return cluster_file.parse(yaml_file.parse(text, "c"), "c")


def test_99_5_instead_of_99_9_percent_makes_exactly_what_rests_on_it_stale(tmp_path: Path) -> None:
    before, after = (generate.files(parsed(text)) for text in (EXAMPLE, EXAMPLE.replace(PROMISED, CHANGED)))
    stale = {name for name in before if before[name] != after[name]}
    probed = ("vllm", "chroma", "memory", "gateway", "rag")
    assert stale == {
        "prometheus/rules/availability.yml", "dashboards/objectives.json",
        *(f"prometheus/rules/availability_budget_{service}.yml" for service in probed),
    }  # fmt: skip
    file, out = tmp_path / "cluster.yaml", tmp_path / "out"
    file.write_text(EXAMPLE)
    generate.write(generate.files(cluster_file.load(file)), out)
    file.write_text(EXAMPLE.replace(PROMISED, CHANGED))
    found = generate.differences(generate.files(cluster_file.load(file)), out)
    assert {(Path(path), what) for path, what in found} == {(Path(name), "differs") for name in stale}


TESTS = """
rule_files: [rules/availability_budget_chroma.yml]
evaluation_interval: 2m
tests:
"""
LABELS = 'slo="availability",service="chroma",check="ready",cluster="test"'
FIRES = 'count(ALERTS{alertname="ErrorBudgetBurningFast",alertstate="firing"}) or vector(0)'


def case(bad: float, fires: int) -> str:
    total, good = (f"ragpulse:slo_{name}:rate12m{{{LABELS}}}" for name in ("total", "good"))
    return (
        f"  - name: {bad} of 0.1 probes fail each second\n"
        "    interval: 2m\n"
        "    input_series:\n"
        f"      - {{series: '{total}', values: 0.1x60}}\n"
        f"      - {{series: '{good}', values: {0.1 - bad:.10g}x60}}\n"
        "    promql_expr_test:\n"
        f"      - {{expr: '{FIRES}', eval_time: 100m, exp_samples: [{{value: {fires}}}]}}\n"
    )


@each_generation
@pytest.mark.parametrize("objective", [0.999, 0.995])
def test_a_page_is_told_just_above_the_speed_that_the_objective_means(
    objective: float, generation: int, tmp_path: Path
) -> None:
    cluster = tmp_path / "cluster.yaml"
    text = (FOLDER / "budget_slow.cluster.yaml").read_text()
    cluster.write_text(f"{text}targets: {{availability: {{objective: {objective}}}}}\n")
    just = 14.4 * (1 - objective) * 0.1
    run_promtool(TESTS + case(1.02 * just, 1) + case(0.98 * just, 0), generation, tmp_path, cluster)


@pytest.mark.parametrize(("promised", "verdict"), [(0.999, "missed"), (0.995, "met")])
def test_997_of_1000_probes_are_judged_by_what_is_promised(promised: float, verdict: str) -> None:
    cluster = parsed(EXAMPLE.replace(PROMISED, PROMISED.replace("0.999", str(promised))))
    chroma = next(each for each in objectives(cluster) if each.labels["service"] == "chroma")
    one = judged(chroma, Sums(997, 1000, 3600), Window(3600, 10, 360))
    assert (one.verdict, one.value) == (verdict, 0.997)
    assert one.objective.text == f"{promised * 100:.10g} % of probes answered"

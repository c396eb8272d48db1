"""Which alerts fire on a whole simulated machine? Scenario, driver, binding, sources, page, scrapes, rules: all of it.

One fault is one alert, and a machine that is well has none; none waits to fire, either.
"""

import json
import subprocess
from pathlib import Path

import pynvml
import pytest

from alerts.render import render
from exporters.page import Page
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import named
from tests.fakes.binaries import binary
from tests.fakes.clocks import Standing
from tests.fakes.gpu_page import Agent, machine
from tests.fakes.nvml_library import install
from tests.fakes.rule_tests import small_cluster

pytestmark = pytest.mark.proof

EVERY, SECONDS = 10, 310


@pytest.fixture(autouse=True)
def _binding_is_put_back(nvml_library: object) -> None:
    """What the fixture does when it ends."""


def scrapes(scenario: str, root: Path) -> list[str]:
    """The whole page of the agent, every ten seconds."""
    clocks = Standing()
    library = NvmlLibrary(named(scenario), clocks.clocks.awake)
    install(library)
    machine(library.scenario, root)
    pages: list[str] = []

    def second_has_passed(_library: NvmlLibrary) -> None:
        pages.append(page.text().decode())

    agent = Agent(library, clocks, root, second_has_passed, lambda: pynvml)
    page: Page = agent._page
    try:
        agent.page(SECONDS)
    finally:
        library.let_all_go()
    return pages[::EVERY]


def as_series(pages: list[str]) -> list[dict[str, str]]:
    """As promtool is told of series: a value for each scrape, `_` where the page had none."""
    values: dict[str, list[str]] = {}
    for number, text in enumerate(pages):
        for line in text.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values.setdefault(name, ["_"] * len(pages))[number] = value
    up = [
        {"series": f'up{{job="ragpulse-agent",node="{node}"}}', "values": f"1x{len(pages)}"}
        for node in ("alpha", "beta")
    ]
    return [*up, *({"series": on_alpha(name), "values": " ".join(each)} for name, each in values.items())]


def on_alpha(name: str) -> str:
    return f'{name[:-1]},node="alpha"}}' if name.endswith("}") else f'{name}{{node="alpha"}}'


@pytest.mark.parametrize(
    ("scenario", "fire"),
    [
        ("spark_busy", []),
        ("h100x8_mig", []),
        ("spark_wedge", ["GpuPowerWedge"]),
        ("gpu_lost", ["GpuLost"]),
        ("driver_mismatch", ["GpuUnavailable"]),
        ("hang", ["SourceFailing"]),
    ],
)
def test_a_fault_is_one_alert_and_a_machine_that_is_well_has_none(
    scenario: str, fire: list[str], tmp_path: Path
) -> None:
    (tmp_path / "root").mkdir()
    rules = render(small_cluster())
    for name, text in rules.items():
        (tmp_path / name).write_text(text)
    alerts = 'count by (alertname, alertstate) (ALERTS{alertname!="Watchdog"})'
    expected = [{"labels": f'{{alertname="{name}",alertstate="firing"}}', "value": 1} for name in fire]
    case = {"expr": alerts, "eval_time": f"{SECONDS - EVERY}s", "exp_samples": expected}
    series = as_series(scrapes(scenario, tmp_path / "root"))
    test = {"interval": f"{EVERY}s", "input_series": series, "promql_expr_test": [case]}
    document = {"rule_files": list(rules), "evaluation_interval": f"{EVERY}s", "tests": [test]}
    (tmp_path / "machine.yml").write_text(json.dumps(document))
    result = subprocess.run(
        [binary("promtool"), "test", "rules", "machine.yml"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr

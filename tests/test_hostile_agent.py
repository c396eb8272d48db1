"""A whole agent, as a process, among hostile services of every kind: its page answers, and what is well is on time."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ragpulse.stack.process import Process
from tests.fakes import loopback
from tests.fakes.hostile_answers import routes
from tests.fakes.hostile_server import hostile, routed
from tests.fakes.hostile_watch import SECRET
from tests.fakes.hostile_wire import BODY, SERVERS, answer
from tests.fakes.running import free_ports, running, until
from tests.test_vllm_probe import HTTP

KINDS = ("chroma", "memory", "http", "vllm")
STREAM = (HTTP / "completion-stream.body").read_bytes().replace(b'"model":"tiny"', b'"model":"llama"')
LAST_SUCCESS = "ragpulse_source_last_success_timestamp_seconds"
SCRAPE_INTERVAL = 0.5
PATIENCE = 60.0  # seconds; a bound for a broken agent, never reached by a good one
ON_TIME = 5  # intervals; a success this young, however busy the machine of the tests is
Series = dict[tuple[str, ...], float]


def service(kind: str, url: str, secret: Path) -> str:
    more = {
        "chroma": f"token_file: {secret}, query: {{collection: documents}}",
        "memory": f"auth: {{value_file: {secret}}}, health: {{path: /status}}, gauges: {{entries: entries}}",
        "http": f"auth: {{value_file: {secret}}}, redirects: 3",
        "vllm": f"api_key_file: {secret}",
    }[kind]
    return f"{{kind: {kind}, nodes: [alpha], url: '{url}', every: 2s, timeout: 300ms, {more}}}"


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[str]:
    """Its URL. Each behaviour is that of a service of one kind, all kinds in turn; one service of each kind is well."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    with ExitStack() as stack:
        answers = routes() | {"/v1/completions": answer(STREAM)}
        well = stack.enter_context(hostile(routed(answers, answer(b"", status=b"404 Not Found"))))
        services = {f"well-{kind}": service(kind, well, secret) for kind in KINDS}
        for number, server in enumerate(SERVERS.values()):
            kind = KINDS[number % len(KINDS)]
            services[f"hostile-{kind}-{number}"] = service(kind, stack.enter_context(server()), secret)
        file = tmp_path / "cluster.yaml"
        lines = [f"  {name}: {written}" for name, written in services.items()]
        (port,) = free_ports(1)
        file.write_text(
            "\n".join(
                ["cluster: c", f"nodes: {{alpha: {{address: 127.0.0.1, port: {port}}}}}", "services:", *lines, ""]
            )
        )
        argv = (sys.executable, "-m", "ragpulse", "agent", "--config", str(file), "--node", "alpha")
        log = tmp_path / "agent.log"
        with running(Process("agent", argv, "the agent"), log):
            url = f"http://127.0.0.1:{port}"
            until(lambda: _ready(url), f"every source has had its first run: {log}")
            yield url


def _ready(url: str) -> bool:
    try:
        return loopback.get(f"{url}/readyz").is_success
    except httpx.ConnectError:
        return False


def page(url: str) -> Series:
    text = loopback.get(f"{url}/metrics").raise_for_status().text
    assert SECRET not in text
    assert BODY.decode() not in text
    listed = [
        ((line.name, *line.labels.values()), line.value)
        for family in text_string_to_metric_families(text)
        for line in family.samples
    ]
    assert len(dict(listed)) == len(listed)
    return dict(listed)


@pytest.mark.no_cover  # the agent is a process of its own
def test_hostile_services_cost_neither_the_page_nor_who_is_well(agent: str, tmp_path: Path) -> None:
    series = page(agent)
    sources = {key[1] for key in series if key[0] == LAST_SUCCESS}
    well = {name for name in sources if "hostile" not in name}
    assert len([name for name in sources if name.startswith("probe:hostile")]) == len(SERVERS)
    assert {f"probe:well-{kind}" for kind in KINDS} | {"chroma:well-chroma", "vllm:well-vllm"} < well
    assert any(not name.endswith(KINDS) for name in well), "what is read of the node itself"

    def runs(name: str) -> float:
        return sum(series["ragpulse_source_runs_total", name, result] for result in ("ok", "error", "deadline"))

    # What is read once a minute or less has had its first run, and would keep the test waiting for another one.
    often = {name for name in sources if series["ragpulse_source_interval_seconds", name] < PATIENCE}
    asking = {name for name in often if name.endswith(KINDS) or name not in well}
    ends = time.monotonic() + PATIENCE
    while min(map(runs, asking)) < 2:
        assert time.monotonic() < ends, "every source is run again"
        time.sleep(SCRAPE_INTERVAL)
        series = page(agent)
        for name in well:
            assert time.time() - series[LAST_SUCCESS, name] < ON_TIME * series["ragpulse_source_interval_seconds", name]
    for name in well:
        assert series["ragpulse_source_runs_total", name, "error"] == 0
        assert series["ragpulse_source_runs_total", name, "deadline"] == 0
    for kind in KINDS:
        assert series["ragpulse_service_ready", f"well-{kind}"] == 1
    ready = {key[1] for key, value in series.items() if key[0] == "ragpulse_service_ready" and value}
    assert ready == {f"well-{kind}" for kind in KINDS}
    landing = loopback.get(agent).text
    log = (tmp_path / "agent.log").read_text()
    for text in (landing, log):
        assert SECRET not in text
        assert BODY.decode() not in text
    assert "Traceback" not in log
    assert log.count("\n") < 3 * len(sources), "said when it changes, not once per run"

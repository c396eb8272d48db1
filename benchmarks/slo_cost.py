"""`python -m benchmarks.slo_cost`: what do 20 objectives with a month behind them cost Prometheus?

A real agent probes ten web services, whose availability and response time are promised; a real Prometheus scrapes it
every 10 s and evaluates the rules of the targets and of their budgets, over 31 days that were written before it was
started, with the environment that `ragpulse up` gives it. Measured are its CPU time over some minutes, all of it, and
its resident memory, the highest seen. Once for each generation that RAGPULSE_BIN names. Exit status 1 when a limit is
missed.
"""

import os
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks import slo_past
from benchmarks.cluster_files import web_services_only
from benchmarks.limits import Judgement
from benchmarks.process import cpu_seconds, holdings
from benchmarks.progress import say
from benchmarks.started import HOST, Servers, free_port
from ragpulse import budget, cluster_file
from ragpulse.commands import generate
from ragpulse.errors import RagpulseError
from ragpulse.inventory import Cluster
from ragpulse.stack import binaries
from ragpulse.stack.plan import PROMETHEUS_ENVIRONMENT

CPU_SHARE = 0.03  # of a core
RESIDENT = 120e6  # bytes
_SERVICES = 10
_OBJECTIVES = 20
_SETTLE, _MEASURED, _LOOK = 60.0, 480.0, 2.0  # seconds: four rounds of the slow windows
_ARE_TARGETS = ("availability", "response_time", "budget")  # files of rules begin with these


@dataclass(frozen=True, slots=True)
class Cost:
    """of: which Prometheus. rules: how many it evaluated. samples: that lay behind it. cpu: share of a core. resident:
    bytes.
    """

    of: str
    rules: int
    samples: int
    cpu: float
    resident: int


def measure(folder: Path, programs: binaries.Binaries) -> Cost:
    """Errors: NotStartedError; RagpulseError where a rule cannot be evaluated."""
    with Servers(folder) as servers:
        _, url = servers.web_service()
        config = web_services_only(_SERVICES, url, "10s", folder)
        cluster = cluster_file.load(config)
        if (found := len(budget.budgeted(cluster))) != _OBJECTIVES:
            raise RagpulseError(f"{found} objectives have a budget here, {_OBJECTIVES} are measured")
        agent = servers.ours(config)
        servers.wait()
        say(f"writing {slo_past.DAYS} days of {found} objectives")
        samples = slo_past.write(cluster, programs.promtool, time.time(), folder)
        rules = _rules(cluster, folder)
        port = free_port()
        argv = (
            str(programs.prometheus), f"--config.file={_configuration(cluster, agent.address, folder)}",
            f"--storage.tsdb.path={folder / 'data'}", "--storage.tsdb.retention.time=40d",
            f"--web.listen-address={HOST}:{port}",
        )  # fmt: skip
        prometheus = servers.program(argv, port, "/-/ready", {**os.environ, **PROMETHEUS_ENVIRONMENT})
        servers.wait()
        say(f"watching Prometheus for {_SETTLE + _MEASURED:.0f} s")
        highest = _watch(prometheus.pid, _SETTLE)
        before, begin = cpu_seconds(prometheus.pid), time.monotonic()
        highest = max(highest, _watch(prometheus.pid, _MEASURED))
        share = (cpu_seconds(prometheus.pid) - before) / (time.monotonic() - begin)
    version = ".".join(map(str, binaries.version(programs.prometheus)))
    return Cost(f"Prometheus {version}", rules, samples, share, highest)


def judge(cost: Cost) -> list[Judgement]:
    return [
        Judgement(f"{cost.of} with {_OBJECTIVES} objectives, share of a core", cost.cpu, CPU_SHARE),
        Judgement(f"{cost.of} with {_OBJECTIVES} objectives, resident bytes", cost.resident, RESIDENT),
    ]


def _rules(cluster: Cluster, folder: Path) -> int:
    """Written to `folder`/rules; how many they are."""
    (folder / "rules").mkdir()
    count = 0
    for name, text in generate.files(cluster).items():
        if "/rules/" in name and Path(name).name.startswith(_ARE_TARGETS):
            (folder / "rules" / Path(name).name).write_text(text)
            count += sum(len(group["rules"]) for group in yaml.safe_load(text)["groups"])
    return count


def _configuration(cluster: Cluster, agent: str, folder: Path) -> Path:
    file = folder / "prometheus.yml"
    interval = f"{cluster.monitoring.scrape_interval:g}s"
    file.write_text(
        f"global: {{scrape_interval: {interval}, evaluation_interval: {interval}}}\n"
        f"rule_files: [{folder / 'rules'}/*.yml]\n"
        "scrape_configs:\n"
        "  - job_name: ragpulse-agent\n"
        f"    static_configs: [{{targets: ['{agent}'], labels: {{node: alpha, cluster: {cluster.name}}}}}]\n"
    )
    return file


def _watch(pid: int, seconds: float) -> int:
    """The most memory that it held meanwhile."""
    end = time.monotonic() + seconds
    highest = 0
    while time.monotonic() < end:
        highest = max(highest, holdings(pid).rss)
        time.sleep(_LOOK)
    return highest


def _generations() -> list[binaries.Binaries]:
    folders = [Path(each) for each in os.environ.get("RAGPULSE_BIN", "").split(os.pathsep) if each]
    found = [binaries.in_folders([folder], say) for folder in folders]
    if not any(found):
        raise RagpulseError("RAGPULSE_BIN names no Prometheus; `make bench-slo` sets it up")
    return [each for each in found if each is not None]


def main() -> int:
    judgements: list[Judgement] = []
    try:
        for programs in _generations():
            with tempfile.TemporaryDirectory(prefix="ragpulse-bench-") as made:
                cost = measure(Path(made), programs)
            print(
                f"{cost.of}: {cost.cpu * 100:.2f} % of a core, {cost.resident / 1e6:.0f} MB,"
                f" {cost.rules} rules over {cost.samples} samples",
                flush=True,
            )
            judgements += judge(cost)
    except RagpulseError as error:
        say(f"ragpulse: {error}")
        return error.exit_code
    for one in judgements:
        if not one.kept:
            say(f"missed: {one.what} is {one.measured:.4g}, the limit is {one.limit:g}")
    return 0 if all(one.kept for one in judgements) else 1


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)

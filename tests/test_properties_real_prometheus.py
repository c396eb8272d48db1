"""Every character and the most awkward numbers and durations, read by a real Prometheus of each generation."""

import json
import math
import struct
from pathlib import Path
from typing import Any

import httpx

from exporters.page import Page, render
from ragpulse import catalogue
from ragpulse.catalogue.node import LOAD
from ragpulse.catalogue.service import UP
from ragpulse.metric import Metric
from ragpulse.stack.process import Process
from ragpulse.units import prometheus_duration
from tests.fakes import loopback
from tests.fakes.binaries import binary, each_generation
from tests.fakes.http_replay import Replay, reply
from tests.fakes.running import free_ports, running, until
from tests.fakes.sources import Clock
from tests.fakes.strategies import AWKWARD_NUMBERS

_BLOCK = 1024
_SURROGATES = range(0xD800, 0xE000)
# All of Unicode, a block of it in each label.
BLOCKS = [
    "".join(map(chr, range(start, start + _BLOCK)))
    for start in range(0, 0x110000, _BLOCK)
    if start not in _SURROGATES
]  # fmt: skip
# Around each step from one unit to the next, and the longest that there is.
MILLISECONDS = sorted(
    {
        step * factor + more
        for step in (1, 1000, 60_000, 3_600_000, 86_400_000, 604_800_000)
        for factor in (1, 2, 59, 60, 119, 1000)
        for more in (-1, 0, 1)
        if step * factor + more > 0
    }
    | {106_751 * 86_400_000}
)


def page() -> bytes:
    written = Page(Clock())
    said = [UP(number, service=block) for number, block in enumerate(BLOCKS)]
    said += [LOAD(float(number), window=str(index)) for index, number in enumerate(AWKWARD_NUMBERS)]
    written.put(written.part(), render(said, catalogue.ALL))
    return written.text()


def configuration(target: str, folder: Path) -> Path:
    durations = [{"alert": "A", "expr": "vector(1)", "for": prometheus_duration(each / 1000)} for each in MILLISECONDS]
    rules, settings = folder / "rules.yml", folder / "prometheus.yml"
    rules.write_text(json.dumps({"groups": [{"name": "all", "interval": "1h", "rules": durations}]}))
    jobs = [{"job_name": "agent", "static_configs": [{"targets": [target]}]}]
    times = {"scrape_interval": "1s", "scrape_timeout": "1s"}
    settings.write_text(json.dumps({"global": times, "rule_files": [str(rules)], "scrape_configs": jobs}))
    return settings


def asked(url: str, **parameters: str) -> Any:
    return loopback.get(url, params=parameters, timeout=10).raise_for_status().json()["data"]


def bits(value: float) -> bytes:
    return b"NaN" if math.isnan(value) else struct.pack(">d", value)


@each_generation
def test_a_real_prometheus_reads_what_was_meant(tmp_path: Path, replay: Replay, generation: int) -> None:
    replay.get("/metrics", reply(200, page(), Content_Type="text/plain; version=0.0.4; charset=utf-8"))
    (port,) = free_ports(1)
    api = f"http://127.0.0.1:{port}/api/v1"
    arguments = (
        f"--config.file={configuration(replay.url.removeprefix('http://'), tmp_path)}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    prometheus = Process("prometheus", (str(binary("prometheus", generation)), *arguments), "a real one")

    def read(metric: Metric) -> Any:
        return asked(f"{api}/query", query=metric.name)["result"]

    def has_scraped() -> bool:
        """2.42 says that a scrape went well a moment before its samples can be asked for."""
        try:
            targets = asked(f"{api}/targets")["activeTargets"]
        except httpx.HTTPError:
            return False
        assert [target["lastError"] for target in targets if target["lastError"]] == []
        return bool(read(UP))

    with running(prometheus, tmp_path / "log"):
        until(has_scraped, "the first scrape")
        labels, numbers = read(UP), read(LOAD)
        rules = asked(f"{api}/rules")["groups"][0]["rules"]
    assert {found["metric"]["service"] for found in labels} == set(BLOCKS)
    assert {int(found["metric"]["window"]): bits(float(found["value"][1])) for found in numbers} == {
        index: bits(float(number)) for index, number in enumerate(AWKWARD_NUMBERS)
    }
    assert [round(rule["duration"] * 1000) for rule in rules] == MILLISECONDS

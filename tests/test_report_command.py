"""`ragpulse report` as it is typed, at a Prometheus that has nothing, lies, babbles, hangs or is not there."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragpulse.commands import report as command
from ragpulse.overview import http_json
from ragpulse.report.saved import save
from tests.fakes.prometheus_api import QUERY, RANGE, Answering, Labels, Points, serving
from tests.fakes.reports import of, probes, report
from tests.fakes.running import free_ports
from tests.fakes.typed import Said, typed

NOW = 1_790_000_000.0
HOUR = 3600
CLUSTER = """\
cluster: home
nodes: {a: {address: 127.0.0.1}}
services: {web: {kind: http, nodes: [a], url: 'http://127.0.0.1:1'}}
"""
PROBED = "service, check, node"
SUM = f"sum by ({PROBED}) (ragpulse_probe_duration_seconds_sum)"
COUNT = f"sum by ({PROBED}) (ragpulse_probe_duration_seconds_count)"
BUCKETS = "sum by (service, check, le) (increase(ragpulse_probe_duration_seconds_bucket[1h]))"


class Typing:
    """Typed in a folder with a cluster file, at one Prometheus."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.config = folder / "cluster.yaml"
        self.config.write_text(CLUSTER)
        self.kept = folder / "baseline.json"
        self._capsys = capsys

    def __call__(self, url: str, *arguments: object) -> Said:
        return typed(self._capsys, "report", "--config", self.config, "--prometheus", url, *arguments)


@pytest.fixture
def type_(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typing:
    return Typing(tmp_path, capsys)


def counting(per_step: float, labels: Labels | None = None) -> list[tuple[Labels, Points]]:
    start = NOW - 10 - HOUR
    points = [(start + 10 * index, 5 + per_step * index) for index in range(361)]
    return [({"service": "web", "check": "response", "node": "a"} if labels is None else labels, points)]


def probed() -> Answering:
    """An hour of one probe every 10 s, each of 20 ms."""
    buckets: list[tuple[Labels, Points]] = [
        ({"service": "web", "check": "response", "le": edge}, [(0, count)])
        for edge, count in (("0.01", 0.0), ("0.025", 360.0), ("+Inf", 360.0))
    ]
    return Answering(
        instant={"vector(time())": [({}, NOW)]},
        over={SUM: counting(0.02), COUNT: counting(1.0), BUCKETS: buckets},
    )


@pytest.fixture
def prometheus() -> Iterator[Answering]:
    with serving(probed()) as answering:
        yield answering


def test_what_is_saved_is_what_was_asked_and_is_the_same_as_itself(prometheus: Answering, type_: Typing) -> None:
    said = type_(prometheus.url, "--save", type_.kept)
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith(f"{type_.kept}: 1h from 2026-09-21")
    (one,) = json.loads(type_.kept.read_text())["measured"]
    assert (one["subject"], one["check"], one["of"], one["value"]) == ("web", "response", 360, pytest.approx(0.02))
    assert one["quantiles"]["p50"] == {"value": pytest.approx(0.0175), "at_least": 0.01, "at_most": 0.025}
    again = type_(prometheus.url, "--against", type_.kept)
    assert (again.status, again.err) == (0, "")
    assert "web response latency   20 ms    20 ms   +0.0 %   ± 0.0 %   same" in again.out


def test_a_regression_ends_with_1_and_is_named(prometheus: Answering, type_: Typing) -> None:
    type_(prometheus.url, "--save", type_.kept)
    prometheus.over[SUM] = counting(0.023)
    said = type_(prometheus.url, "--against", type_.kept)
    assert said.status == 1
    assert "worse: web response latency" in said.out
    for_programs = type_(prometheus.url, "--against", type_.kept, "--json")
    (row,) = json.loads(for_programs.out)["compared"]
    assert (for_programs.status, row["verdict"], row["change"]) == (1, "worse", pytest.approx(0.15))


def test_what_cannot_be_told_is_said_and_passes(prometheus: Answering, type_: Typing) -> None:
    type_(prometheus.url, "--window", "20m", "--save", type_.kept)
    said = type_(prometheus.url, "--against", type_.kept)
    assert said.status == 0
    assert "1 too few to tell" in said.out
    assert "compare longer windows" in said.out


def test_announced_work_is_listed(prometheus: Answering, type_: Typing) -> None:
    asked = "sum_over_time((max by (service) (ragpulse_maintenance))[1h:10s]) > 0"
    prometheus.over[asked] = [({"service": "web"}, [(NOW - 10, 90.0)])]
    assert "work was announced, and not judged: web 15 min\n" in type_(prometheus.url).out
    assert json.loads(type_(prometheus.url, "--json").out)["announced"] == {"web": 900.0}
    del prometheus.over[asked]
    assert "announced" not in type_(prometheus.url).out


def test_targets_and_measurements_are_shown(prometheus: Answering, type_: Typing) -> None:
    said = type_(prometheus.url)
    assert said.status == 0
    assert "web availability" in said.out
    assert "not judgeable: nothing was recorded" in said.out
    assert "17.5 ms (10 ms to 25 ms)" in said.out
    told = json.loads(type_(prometheus.url, "--json").out)
    assert [one["objective"]["service"] for one in told["targets"]] == ["web", "web"]
    assert "nodes" not in told["measured"][0]


def test_an_end_in_the_past_is_asked_for(prometheus: Answering, type_: Typing) -> None:
    said = type_(prometheus.url, "--until", "2020-01-01T00:00+00:00", "--save", type_.kept)
    assert said.status == 1
    assert "nothing was measured in 1 h" in said.err
    assert prometheus.asked.count(QUERY) == 0


def test_an_empty_prometheus_is_one_line_whatever_is_asked_of_it(prometheus: Answering, type_: Typing) -> None:
    type_(prometheus.url, "--save", type_.kept)
    old = type_.kept.read_bytes()
    with serving(Answering(instant={"vector(time())": [({}, NOW)]})) as empty:
        for arguments in ((), ("--json",), ("--save", type_.kept), ("--against", type_.kept)):
            said = type_(empty.url, *arguments)
            assert (said.status, said.out, len(said.err.splitlines())) == (1, "", 1)
            assert said.err.startswith("nothing was measured in 1 h: see that the agents run")
    assert type_.kept.read_bytes() == old
    assert set(type_.folder.iterdir()) == {type_.config, type_.kept}


def _matrix(*series: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}}).encode()


LABELS = {"service": "web", "check": "response", "node": "a", "le": "0.1"}


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, b"", "it answers HTTP 500"),
        (422, b"{}", "it answers HTTP 422"),
        (302, b"", "it answers HTTP 302"),
        (200, b"", "its answer is not what its HTTP API promises"),
        (200, b"\xff\x00<html>", "its answer is not what its HTTP API promises"),
        (200, b"[" * 10_000, "its answer is not what its HTTP API promises"),
        (200, _matrix({"metric": {"service": 1}, "values": []}), "its answer is not what its HTTP API promises"),
        (
            200,
            _matrix({"metric": LABELS | {"service": "\x1b[2J"}, "values": [[NOW - 1000, "1"], [NOW - 500, "2"]]}),
            "not what agents of ragpulse count",
        ),
        (
            200,
            _matrix({"metric": LABELS, "values": [[NOW - 1000, "1"], [NOW - 500, "1e30"]]}),
            "not what agents of ragpulse count",
        ),
    ],
)
def test_a_prometheus_that_lies_is_one_line(
    prometheus: Answering, type_: Typing, status: int, body: bytes, reason: str
) -> None:
    prometheus.broken[RANGE] = (status, body)
    said = type_(prometheus.url, "--save", type_.kept)
    assert (said.status, said.err.splitlines()[1:]) == (1, [])
    assert said.err.startswith(f"{prometheus.url}: Prometheus cannot be asked: ")
    assert reason in said.err
    assert not type_.kept.exists()


@pytest.mark.parametrize(
    "series",
    [
        {"metric": {}, "values": [[NOW - 1000, "1"], [NOW - 500, "2"]]},
        {"metric": LABELS, "values": []},
        {"metric": LABELS, "values": [[NOW - 500, "NaN"], [NOW - 400, "+Inf"]]},
        {"metric": LABELS, "values": [[1e300, "1"], [-1e300, "2"], [NOW, "3"]]},
        {"metric": LABELS | {"le": "x"}, "values": [[NOW - 9000, "5"], [NOW - 8000, "6"]]},
        {"metric": LABELS | {"le": "NaN"}, "values": [[NOW - 9000, "5"]]},
    ],
)
def test_series_that_say_nothing_are_nothing(prometheus: Answering, type_: Typing, series: Any) -> None:
    prometheus.broken[RANGE] = (200, _matrix(series))
    said = type_(prometheus.url, "--save", type_.kept)
    assert (said.status, len(said.err.splitlines())) == (1, 1)
    assert "nothing was measured" in said.err


@pytest.mark.parametrize("values", [[], [["a", "b"]], [[NOW, "1e400"]], [[NOW, "1e300"]], [[NOW, "-1e300"]]])
def test_a_prometheus_that_tells_no_time_is_one_line(prometheus: Answering, type_: Typing, values: Any) -> None:
    result = [{"metric": {}, "value": each} for each in values]
    answer = {"status": "success", "data": {"resultType": "vector", "result": result}}
    prometheus.broken[QUERY] = (200, json.dumps(answer).encode())
    said = type_(prometheus.url)
    assert (said.status, len(said.err.splitlines())) == (1, 1)


def test_a_prometheus_that_hangs_is_given_up(type_: Typing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_TIMEOUT", 0.2)
    with serving(Answering(hold=threading.Event())) as hanging:
        said = type_(hanging.url)
        assert said == Said(1, "", f"{hanging.url}: Prometheus gives no answer within 0.2 s\n")


def test_a_prometheus_that_never_ends_is_given_up(
    prometheus: Answering, type_: Typing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_json, "_MOST_BYTES", 1024**2)
    prometheus.broken[QUERY] = (200, b" " * (1024**2 + 1))
    said = type_(prometheus.url)
    assert said == Said(1, "", f"{prometheus.url}: Prometheus cannot be asked: its answer is larger than 1 MiB\n")


def test_a_prometheus_that_is_not_there_is_one_line(type_: Typing) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    assert type_(url) == Said(1, "", f"{url}: Prometheus cannot be asked: no connection; is it running?\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--window", "5"), "--window: '5' has no unit; write it like 10s (units: ms, s, m, h, d, w)"),
        (("--window", "5s"), "--window 5s: Prometheus scrapes every 10 s; measure 1m at least"),
        (("--until", "yesterday"), "--until yesterday: write a time like 2026-11-24T09:30, of here or with +00:00"),
        (("--until", "0001-01-01"), "--until 0001-01-01: write a time like 2026-11-24T09:30, of here or with +00:00"),
        (("--until", "9999-01-01"), "--until 9999-01-01: write a time like 2026-11-24T09:30, of here or with +00:00"),
        (("--save", "x", "--against", "y"), "--save and --against: one at a time; compare first, then save"),
        (("--against", "/nonexistent"), "/nonexistent: No such file or directory: name a file that ragpulse report"),
        (
            ("--save", "/proc/x/y"),
            "/proc/x: No such file or directory: name a folder that you can write to with --save",
        ),
    ],
)
def test_a_mistake_is_one_line_and_2(
    prometheus: Answering, type_: Typing, arguments: tuple[str, ...], line: str
) -> None:
    said = type_(prometheus.url, *arguments)
    assert (said.status, len(said.err.splitlines())) == (2, 1)
    assert said.err.startswith(line)


@pytest.mark.parametrize("url", ["localhost:9090", "ftp://a", "http://user:word@a", "http://a b"])
def test_a_prometheus_that_is_no_url_is_one_line_without_a_secret(type_: Typing, url: str) -> None:
    said = type_(url)
    assert (said.status, len(said.err.splitlines())) == (2, 1)
    assert said.err.startswith("--prometheus: ")
    assert "word" not in said.err


def test_another_window_than_that_of_the_file_is_refused(prometheus: Answering, type_: Typing) -> None:
    save(report(of({"a": probes([0.02] * 360)}, subject="web", check="response")), type_.kept)
    said = type_(prometheus.url, "--against", type_.kept, "--window", "2h")
    assert said == Said(2, "", "--window 2h: the saved report covers 1h; leave it out\n")
    assert type_(prometheus.url, "--against", type_.kept, "--window", "60m").status == 0

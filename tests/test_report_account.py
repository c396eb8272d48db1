"""An account of two hours at a real Prometheus: one service well, one that failed for ten minutes; in every form."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ragpulse.report.slices import Slice, length, worst
from ragpulse.report.window import Window
from tests.fakes.backfilled import Past, Recorded, past
from tests.fakes.typed import Said, typed

CLUSTER = """\
cluster: home
nodes: {a: {address: 127.0.0.1}}
services:
  good: {kind: http, nodes: [a], url: 'http://127.0.0.1:1'}
  bad: {kind: http, nodes: [a], url: 'http://127.0.0.1:2'}
  vllm: {kind: vllm, nodes: [a], url: 'http://127.0.0.1:3'}
"""
STEPS = 720
BROKEN = range(STEPS - 240, STEPS - 180)  # for ten minutes, 40 min before the end
Report = Callable[..., Said]


def only(value: float, when: range, otherwise: float) -> list[float]:
    return [value if index in when else otherwise for index in range(STEPS)]


def recorded() -> Iterator[Recorded]:
    for service, broken in (("good", range(0)), ("bad", BROKEN)):
        labels = f'slo="availability",service="{service}",check="response"'
        yield Recorded("ragpulse:slo_good:rate1m", labels, only(0.0, broken, 0.1))
        yield Recorded("ragpulse:slo_total:rate1m", labels, [0.1] * STEPS)
        yield Recorded("ragpulse:slo_met:bool5m", labels, only(0.0, broken, 1.0))
        state = f'component="{service}",kind="service"'
        yield Recorded("ragpulse:component_state", state, only(1.0, broken, 3.0))
    in_demand = 'slo="throughput",service="vllm",check="demand"'
    yield Recorded("ragpulse:slo_good:rate1m", in_demand, [0.4] * STEPS)
    yield Recorded("ragpulse:slo_total:rate1m", in_demand, [0.5] * STEPS)
    yield Recorded("ragpulse:cluster_available:ratio", 'cluster="home"', only(0.0, BROKEN, 1.0))
    for reason, each in (("timeout", 0.75), ("http_5xx", 0.25)):
        failed = [each * max(0, min(index, BROKEN.stop) - BROKEN.start) for index in range(STEPS)]
        yield Recorded(
            "ragpulse_probe_failures_total", f'service="bad",check="response",reason="{reason}",node="a"', failed
        )
    # Each fires from the broken minutes to the end: for a reason, for none, and of what nothing else is known.
    for alert, service, component in (
        ("ServiceDown", "bad", "bad"), ("CertificateExpires", "good", "good"), ("PrometheusDown", "", "monitoring"),
    ):  # fmt: skip
        labels = f'alertname="{alert}",alertstate="firing",severity="page",service="{service}",component="{component}"'
        yield Recorded("ALERTS", labels, [1.0] * 210)
    for band, seconds in (("below", 6.0), ("inside", 3.0), ("above", 1.0)):
        growth = [seconds * index for index in range(STEPS)]
        yield Recorded("ragpulse_gpu_utilization_band_seconds_total", f'gpu="0",band="{band}",node="a"', growth)
    yield Recorded("ragpulse_gpu_busy_seconds_total", 'gpu="0",node="a"', [float(index) for index in range(STEPS)])
    yield Recorded("ragpulse_gpu_observed_seconds_total", 'gpu="0",node="a"', [10.0 * index for index in range(STEPS)])


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    with past(tmp_path_factory.mktemp("past"), {}, more=recorded(), steps=STEPS) as one:
        yield one


@pytest.fixture
def report(known: Past, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Report:
    (tmp_path / "cluster.yaml").write_text(CLUSTER)
    until = datetime.fromtimestamp(known.ends[0], UTC).isoformat()
    at = ("--config", tmp_path / "cluster.yaml", "--prometheus", known.url, "--until", until)

    def asked(*arguments: object) -> Said:
        return typed(capsys, "report", *at, "--window", "2h", *arguments)

    return asked


def test_what_burnt_a_budget_when_and_what_was_told_of_it(report: Report) -> None:
    said = json.loads(report("--json").out)
    targets = {(one["objective"]["slo"], one["objective"]["service"]): one for one in said["targets"]}
    good, bad = targets["availability", "good"], targets["availability", "bad"]
    assert (good["verdict"], good["burnt"], good["worst"]) == ("met", [], None)
    assert (bad["verdict"], bad["budget"]) == ("missed", pytest.approx(1 - 60 / 0.72, abs=2))
    assert [(one["by"], round(one["share"], 2)) for one in bad["burnt"]] == [("timeout", 0.75), ("http_5xx", 0.25)]
    assert (bad["worst"]["bad"], bad["worst"]["total"]) == (pytest.approx(60, abs=2), pytest.approx(360, abs=3))
    assert bad["worst"]["end"] == said["end"]
    assert [one["alert"] for one in bad["episodes"]] == ["ServiceDown"]
    assert {one["alert"]: (one["judged"], one["precise"]) for one in said["alerts"]} == {
        "ServiceDown": (1, 1), "CertificateExpires": (1, 0), "PrometheusDown": (0, 0),
    }  # fmt: skip
    assert said["whole"] == pytest.approx(1 - 60 / 720, abs=0.002)
    assert said["bands"]["a"] == pytest.approx({"below": 0.6, "inside": 0.3, "above": 0.1})
    throughput = next(one for one in said["targets"] if one["objective"]["check"] == "demand")
    assert (throughput["verdict"], throughput["value"]) == ("missed", pytest.approx(0.8))
    assert (throughput["of"], throughput["budget"]) == ("demand seconds", pytest.approx(-3))


def test_the_terminal_tells_it_too(report: Report) -> None:
    said = " ".join(report().out.split())
    assert "the whole cluster: 91.6" in said
    assert "GPUs of a: 60 % below, 30 % inside, 10 % above" in said
    assert "1 of 2 alerts were precise" in said
    assert "vllm throughput in demand" in said
    assert "targets: 2 missed, 1 met, 7 not judgeable" in said


def test_eighty_columns_break_no_word_of_the_account(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragpulse.stack.telling._WIDTH", 80)
    account, _, _ = report().out.partition("the whole cluster")
    assert max(map(len, account.splitlines())) <= 80
    words = account.split()
    for word in ("availability", "utilization", "judgeable:", "histogram", "CertificateExpires"):
        assert word in words


def test_markdown_has_every_target_as_a_row(report: Report) -> None:
    said = report("--format", "markdown")
    assert (said.status, said.err) == (0, "")
    rows = [line for line in said.out.splitlines() if line.startswith("|")]
    assert {line.count(" | ") for line in rows} == {9, 4}
    (bad,) = (line for line in rows if line.startswith("| bad availability"))
    assert "timeout 45 (75 %), http\\_5xx 15 (25 %)" in bad
    assert "ServiceDown" in bad


class Parsed(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_html_is_one_file_with_plots_that_loads_nothing(report: Report, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    said = report("--format", "html", "--out", out)
    assert (said.status, said.err) == (0, "")
    text = out.read_text()
    parsed = Parsed(text)
    assert {tag for tag, _ in parsed.tags}.isdisjoint({"script", "link", "img", "iframe", "object"})
    assert not [attributes for _, attributes in parsed.tags if {"src", "href"} & attributes.keys()]
    assert "url(" not in text
    assert "prefers-color-scheme: dark" in text
    # Attained and budget of three objectives that have events.
    lines = [attributes["d"] or "" for tag, attributes in parsed.tags if tag == "path"]
    assert len(lines) == 6
    assert all(re.fullmatch(r"M[\d.]+ [\d.]+(?:[ML][\d.]+ [\d.]+)+", line) for line in lines)
    assert set(tmp_path.iterdir()) == {out, tmp_path / "cluster.yaml"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--out", "x"), "--out: say in which form, with --format markdown or --format html"),
        (("--format", "html", "--json"), "--format: of the account of targets alone"),
        (("--format", "html", "--save", "x"), "--format: of the account of targets alone"),
        (("--format", "markdown", "--against", "x"), "--format: of the account of targets alone"),
    ],
)
def test_options_that_do_not_go_together_are_one_line(report: Report, arguments: tuple[str, ...], words: str) -> None:
    said = report(*arguments)
    assert (said.status, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert said.err.startswith(words)


def test_slices_are_at_most_an_hour_for_as_long_as_a_month() -> None:
    assert [length(Window(0, 10, steps), 10) for steps in (6, 360, 8640, 31 * 8640)] == [60, 60, 120, 3600]
    assert length(Window(0, 3600, 24 * 365), 10) == 12 * 3600


def test_the_worst_hour_is_that_with_the_most_bad_and_none_where_nothing_was() -> None:
    day = Window(86400, 10, 8640)
    found = tuple(Slice(end, 55 if end == 7200 else 60, 60) for end in range(120, 86401, 120))
    one = worst(found, day, 120)
    assert one is not None
    assert (one.end, one.seconds, one.bad, one.total) == (7200, 3600, 5, 1800)
    assert worst(tuple(Slice(each.end, 60, 60) for each in found), day, 120) is None
    assert worst(found[:30], Window(3600, 10, 360), 120) is None

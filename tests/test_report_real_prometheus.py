"""`ragpulse report` at a real Prometheus whose past is known: what it measures, keeps and compares."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.backfilled import Durations, Past, past
from tests.fakes.binaries import each_generation
from tests.fakes.reports import Latencies, chance, lognormal, with_pauses
from tests.fakes.typed import Said, typed

HOUR = 360
CLUSTER = """\
cluster: home
nodes: {a: {address: 127.0.0.1}}
services:
  chroma: {kind: chroma, nodes: [a], url: 'http://127.0.0.1:1'}
  memory: {kind: memory, nodes: [a], url: 'http://127.0.0.1:2', ready: {path: /ready}}
"""
Asked = Callable[..., Said]


@contextmanager
def asking(past_: Past, folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Asked]:
    """`ragpulse report` over the hour that ended at a given window."""
    config = folder / "cluster.yaml"
    config.write_text(CLUSTER)

    def asked(window: int, *arguments: object) -> Said:
        until = datetime.fromtimestamp(past_.ends[window], UTC).isoformat()
        at = ("--config", config, "--prometheus", past_.url, "--until", until)
        return typed(capsys, "report", *at, *arguments)

    yield asked


def hour(rng: random.Random, latencies: Latencies, slower: float = 1.0) -> Durations:
    return [slower * each for each in latencies(rng, HOUR)]


@each_generation
def test_a_slowdown_inside_one_bucket_is_measured_kept_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], generation: int
) -> None:
    """Between 12 and 20 ms every probe lies in the bucket from 10 to 25 ms: no quantile moves, and 15 % show."""
    rng = chance(5)
    flat = [rng.uniform(0.012, 0.0155) for _ in range(HOUR)]
    failing: Durations = [None if index % 9 == 0 else 0.03 for index in range(HOUR)]
    services: dict[str, list[Durations]] = {
        "chroma": [flat, [each * 1.15 for each in flat], flat],
        "memory": [[0.03] * HOUR, [0.03] * HOUR, failing],
    }
    kept = tmp_path / "baseline.json"
    with past(tmp_path, services, generation=generation) as one, asking(one, tmp_path, capsys) as asked:
        saved = asked(0, "--save", kept)
        slower, failed = asked(1, "--against", kept, "--json"), asked(2, "--against", kept)
    assert (saved.status, saved.err) == (0, "")
    measured = {(one["subject"], one["kind"]): one for one in json.loads(kept.read_text())["measured"]}
    latency = measured["chroma", "latency"]
    assert latency["of"] == HOUR
    assert latency["amount"] == pytest.approx(sum(flat), rel=1e-6)
    assert latency["nodes"]["a"]["amount"] == pytest.approx(flat, abs=1e-6)
    assert (latency["quantiles"]["p50"]["at_least"], latency["quantiles"]["p50"]["at_most"]) == (0.01, 0.025)
    assert measured["memory", "answered"]["value"] == 1.0
    assert slower.status == 1
    rows = {(row["subject"], row["kind"]): row for row in json.loads(slower.out)["compared"]}
    assert rows["chroma", "latency"]["change"] == pytest.approx(0.15, abs=0.001)
    assert {name for name, row in rows.items() if row["verdict"] != "same"} == {("chroma", "latency")}
    assert failed.status == 1
    assert "worse: memory ready answered" in failed.out
    assert "88.88 %" in failed.out


@pytest.mark.proof
@pytest.mark.parametrize("name", ["lognormal", "pauses"])
def test_of_20_slower_hours_19_fail_and_of_20_unchanged_ones_1_at_most(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    latencies = {"lognormal": lognormal(0.2), "pauses": with_pauses(0.2, 0.05, 10)}[name]
    rng = chance(name)
    judged = [hour(rng, latencies)]
    judged += [hour(rng, latencies, slower) for slower in (1.15, 1.0) for _ in range(20)]
    services = {"chroma": judged, "memory": [hour(rng, lognormal(0.3)) for _ in judged]}
    kept = tmp_path / "baseline.json"
    with past(tmp_path, services) as one, asking(one, tmp_path, capsys) as asked:
        assert asked(0, "--save", kept).status == 0
        slower = [asked(window, "--against", kept).status for window in range(1, 21)]
        unchanged = [asked(window, "--against", kept).status for window in range(21, 41)]
    print(f"\n{name}: {sum(slower)} of 20 slower hours failed, {sum(unchanged)} of 20 unchanged ones")
    assert set(slower) | set(unchanged) <= {0, 1}
    assert sum(slower) >= 19
    assert sum(unchanged) <= 1

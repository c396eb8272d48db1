"""Each target over a window, from the recorded good and total that a real Prometheus has added up."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragpulse import cluster_file, yaml_file
from ragpulse.overview.answers import Key, key
from ragpulse.overview.kept_connections import KeptConnections
from ragpulse.overview.prometheus_api import PrometheusApi
from ragpulse.report.attained import Attained, attained
from ragpulse.report.window import Window
from tests.fakes.backfilled import STEP, Recorded, past

SERVICES = ("met", "missed", "one", "late", "idle", "silent")
CLUSTER = cluster_file.parse(
    yaml_file.parse(
        "cluster: home\n"
        "nodes: {a: {address: 127.0.0.1}}\n"
        "services:\n"
        + "".join(f"  {name}: {{kind: http, nodes: [a], url: 'http://a'}}\n" for name in SERVICES)
        + "  chroma: {kind: chroma, nodes: [a], url: 'http://a'}\n"
        "  busy: {kind: vllm, nodes: [a], url: 'http://a'}\n"
        "  calm: {kind: vllm, nodes: [a], url: 'http://a:1'}\n"
        "  free: {kind: vllm, nodes: [a], url: 'http://a:2'}\n",
        "c",
    ),
    "c",
)
STEPS = 60  # ten minutes


def availability(name: str, bad: int, seen: int = STEPS, every: float = 1.0) -> Iterator[Recorded]:
    """So many of the steps are without a good one; only the last `seen` of them were recorded."""
    labels = f'slo="availability",service="{name}",check="response"'
    yield Recorded("ragpulse:slo_good:rate1m", labels, [0.0] * bad + [every / STEP] * (seen - bad))
    yield Recorded("ragpulse:slo_total:rate1m", labels, [every / STEP] * seen)


def pair(slo: str, service: str, check: str, good: float, total: float, *, seen: int = STEPS) -> Iterator[Recorded]:
    labels = f'slo="{slo}",service="{service}",check="{check}"'
    yield Recorded("ragpulse:slo_good:rate1m", labels, [good] * seen)
    yield Recorded("ragpulse:slo_total:rate1m", labels, [total] * seen)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[Key, Attained]:
    lines = [
        *availability("met", 0), *availability("missed", 3), *availability("one", 1), *availability("late", 0, seen=20),
        *availability("idle", 0, every=0.0),
        *pair("throughput", "busy", "generation", 1200.0, 1.0), *pair("throughput", "calm", "generation", 0.0, 0.0),
        *pair("throughput", "free", "generation", 90.0, 0.05),
        *pair("gpu_utilization", "busy", "busy", 0.7, 1.0, seen=30),
    ]  # fmt: skip

    async def asked(url: str, end: float) -> tuple[Attained, ...]:
        async with KeptConnections() as connections:
            return await attained(CLUSTER, PrometheusApi(connections, url), Window(end, STEP, STEPS))

    folder: Path = tmp_path_factory.mktemp("attained")
    with past(folder, {"any": [[0.01] * STEPS]}, more=lines) as one:
        return {key(each.objective): each for each in asyncio.run(asked(one.url, one.ends[0]))}


def test_every_target_is_told_in_the_order_of_the_cluster_file(found: dict[Key, Attained]) -> None:
    assert list(found)[:3] == [("availability", name, "response") for name in SERVICES[:3]]


@pytest.mark.parametrize(
    ("service", "events", "value", "verdict", "why"),
    [
        ("met", 60, 1.0, "met", ""),
        ("missed", 60, 57 / 60, "missed", ""),
        ("one", 60, 59 / 60, "not judgeable", "1 bad of 60 is no verdict; from 2000 events on it can be told"),
        ("late", 20, 1.0, "not judgeable", "learning: measured for 3 min of 10 min"),
        ("idle", 0, None, "not judgeable", "no traffic"),
        ("silent", None, None, "not judgeable", "nothing was recorded in this time"),
    ],
)
def test_availability_is_judged_by_its_events(
    found: dict[Key, Attained], service: str, events: float | None, value: float | None, *, verdict: str, why: str
) -> None:
    one = found["availability", service, "response"]
    # A range of ten minutes holds 60 evaluations or 61, by the generation of Prometheus.
    assert one.events == (None if events is None else pytest.approx(events, abs=1.01))
    assert one.value == (None if value is None else pytest.approx(value, abs=0.001))
    assert (one.verdict, one.why) == (verdict, why)


@pytest.mark.parametrize(
    ("name", "value", "verdict", "why"),
    [
        (("throughput", "busy", "generation"), 1200, "met", ""),
        (("throughput", "calm", "generation"), None, "not judgeable", "no demand: no request waited"),
        (("throughput", "free", "generation"), 1800, "not judgeable", "requests waited for 30 s only"),
        (("gpu_utilization", "busy", "busy"), 0.7, "missed", ""),
        (("gpu_utilization", "calm", "busy"), None, "not judgeable", "no request waited for long enough"),
        (("response_time", "chroma", "query"), None, "not judgeable",
         "no collection to query: set services.<name>.query.collection"),
    ],
)  # fmt: skip
def test_what_needs_demand_is_judged_by_demand(
    found: dict[Key, Attained], name: Key, value: float | None, verdict: str, why: str
) -> None:
    one = found[name]
    assert one.value == (None if value is None else pytest.approx(value, rel=0.01))
    assert (one.verdict, one.why) == (verdict, why)


def test_the_budget_left_is_what_the_objective_allows_in_as_many_events(found: dict[Key, Attained]) -> None:
    """99.9 % of 60 events allow 0.06 bad ones: none of it is used, or three are fifty times as many."""
    assert found["availability", "met", "response"].budget == pytest.approx(1.0)
    assert found["availability", "missed", "response"].budget == pytest.approx(-49, abs=1)
    assert found["throughput", "busy", "generation"].budget is None
    assert found["availability", "idle", "response"].budget is None

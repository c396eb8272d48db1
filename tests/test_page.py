"""The page: lines joined by family, old readings left out when it is asked, every series from one source only."""

import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporters.clocks import Clocks
from exporters.page import NO_LINES, OwnedError, Page, render
from exporters.runner import Runner
from ragpulse import catalogue
from ragpulse.catalogue.agent import BUILD_INFO
from ragpulse.catalogue.node import CPU_SECONDS, LOAD, MEMORY_AVAILABLE
from ragpulse.catalogue.service import DURATION, READY, REQUESTS, UP
from ragpulse.metric import Sample, series
from tests.fakes.sources import Clock, CountingSource, lines, run_once, up

ALL_FAMILIES = catalogue.ALL


def put(page: Page, *samples: Sample) -> None:
    page.put(page.part(), render(samples, ALL_FAMILIES))


def families(page: Page) -> list[str]:
    return [line.split()[2] for line in page.text().decode().splitlines() if line.startswith("# TYPE")]


def test_an_empty_page_has_no_header_without_samples() -> None:
    page = Page(Clock())
    page.put(page.part(), NO_LINES)
    assert page.text() == b""


def test_families_stand_in_catalogue_order_each_with_one_header() -> None:
    page = Page(Clock())
    put(page, MEMORY_AVAILABLE(1), up("b"))
    put(page, BUILD_INFO(1, version="1"), up("a"))
    assert page.text().decode() == (
        "# HELP ragpulse_build_info Version of the agent; always 1.\n"
        "# TYPE ragpulse_build_info gauge\n"
        'ragpulse_build_info{version="1"} 1.0\n'
        "# HELP ragpulse_service_up 1 when the service answered the last probe.\n"
        "# TYPE ragpulse_service_up gauge\n"
        'ragpulse_service_up{service="b"} 1.0\n'
        'ragpulse_service_up{service="a"} 1.0\n'
        "# HELP ragpulse_node_memory_available_bytes Memory available without swapping (MemAvailable).\n"
        "# TYPE ragpulse_node_memory_available_bytes gauge\n"
        "ragpulse_node_memory_available_bytes 1.0\n"
    )


def test_a_sample_of_every_catalogue_entry_can_stand_on_the_page() -> None:
    page = Page(Clock())
    for metric in catalogue.ALL:
        labels = dict.fromkeys(metric.labels, "x")
        if metric.kind == "histogram":
            put(page, *metric.buckets([(0.1, 1), (math.inf, 1)], 0.1, **labels))
        else:
            put(page, metric(1, **labels))
    assert families(page) == [metric.name for metric in catalogue.ALL]


def test_the_parser_reads_the_same_samples_back() -> None:
    page = Page(Clock())
    samples = [
        UP(1, service='quo"te'),
        UP(math.nan, service="back\\slash"),
        READY(math.inf, service="new\nline"),
        LOAD(-math.inf, window="ünïcode 🚀"),
        CPU_SECONDS(1e-300, mode=""),
        REQUESTS(2**53, service="a", check="b"),
        *DURATION.buckets([(0.1, 3), (math.inf, 4)], 0.75, service="a", check="b"),
    ]
    put(page, *samples)
    found = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.text().decode())
        for sample in family.samples
    }
    told = {
        (
            sample.metric.name + sample.suffix,
            tuple(
                sorted(
                    {
                        **dict(zip(sample.metric.labels, sample.labels, strict=True)),
                        **({"le": sample.le} if sample.le else {}),
                    }.items()
                )
            ),
        ): sample.value
        for sample in samples
    }
    assert found.keys() == told.keys()
    for key, number in told.items():
        assert found[key] == number or (math.isnan(found[key]) and math.isnan(number)), key


def test_readings_are_left_out_once_they_are_older_than_max_age() -> None:
    clock = Clock()
    page = Page(clock)
    page.put(page.part(max_age=10), render([up("short")], [UP]))
    page.put(page.part(), render([REQUESTS(1, service="a", check="b")], [REQUESTS]))
    clock.advance(10)
    assert lines(page) == [
        'ragpulse_service_up{service="short"} 1.0',
        'ragpulse_probe_requests_total{service="a",check="b"} 1.0',
    ]
    clock.advance(0.001)
    assert families(page) == ["ragpulse_probe_requests_total"], "neither its lines nor its header"
    clock.advance(1e9)
    assert families(page) == ["ragpulse_probe_requests_total"]


@pytest.mark.parametrize(("max_age", "stays"), [(None, 12.5), (3.0, 3.0)], ids=["2.5 intervals", "its own"])
def test_a_source_decides_how_long_its_readings_stay(max_age: float | None, stays: float) -> None:
    clock = Clock()
    page = Page(clock)
    source = CountingSource("a", lambda: [up("a")], interval=5.0, max_age=max_age)
    runner = Runner(source, page, Clocks(clock, clock, clock))
    runner.start()
    run_once(runner)
    clock.advance(stays)
    assert 'ragpulse_service_up{service="a"} 1.0' in lines(page)
    clock.advance(0.001)
    assert "ragpulse_service_up" not in families(page)
    assert {"ragpulse_probe_requests_total", "ragpulse_source_runs_total"} < set(families(page)), "never withheld"
    run_once(runner)
    assert 'ragpulse_service_up{service="a"} 1.0' in lines(page)
    runner.stop()


def test_a_reading_that_a_source_no_longer_says_is_gone_at_once() -> None:
    page = Page(Clock())
    part = page.part()
    page.put(part, render([up("a"), up("b")], [UP]))
    page.put(part, render([up("b", 0)], [UP]))
    assert lines(page) == ['ragpulse_service_up{service="b"} 0.0']


def test_a_series_is_free_again_when_its_owner_no_longer_says_it() -> None:
    page = Page(Clock())
    first, second = page.part(), page.part()
    page.put(first, render([up("a"), up("b")], [UP]))
    with pytest.raises(OwnedError, match="another source"):
        page.put(second, render([up("c"), up("b")], [UP]))
    assert len(lines(page)) == 2, "a refused part changes nothing, not even its series that were free"
    page.put(first, render([up("a")], [UP]))
    page.put(second, render([up("c"), up("b")], [UP]))
    assert len(lines(page)) == 3


def test_a_series_knows_itself_as_it_stands_on_the_page() -> None:
    page = Page(Clock())
    sample = UP(1, service="a")
    put(page, sample)
    assert lines(page) == [f"{series(sample)} 1.0"]

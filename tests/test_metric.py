"""Metrics and samples: the catalogue entry is the only way to a sample, and how a sample is written."""

import math

import pytest

from ragpulse.metric import (
    LATENCY_EDGES,
    Kind,
    Metric,
    MetricError,
    counter,
    gauge,
    header,
    histogram,
    line,
    number,
    one_of,
    series,
)

UP = gauge("ragpulse_thing_up", "Whether it is up.", "service", "check")
LATENCY = histogram("ragpulse_thing_seconds", "How long.", "service")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("thing_up", "gauge"),
        ("ragpulse_Thing", "gauge"),
        ("ragpulse_thing__up", "gauge"),
        ("ragpulse_", "gauge"),
        ("ragpulse_thing:up", "gauge"),
        ("ragpulse_things_total", "gauge"),
        ("ragpulse_things_total", "histogram"),
        ("ragpulse_things", "counter"),
    ],
    ids=[
        "no prefix",
        "a capital",
        "two underscores",
        "nothing but the prefix",
        "a colon, which is for rules",
        "a gauge called total",
        "a histogram called total",
        "a counter not called total",
    ],
)
def test_a_metric_with_a_bad_name_cannot_be_declared(name: str, kind: Kind) -> None:
    with pytest.raises(MetricError, match=name):
        Metric(name, kind, "help")


@pytest.mark.parametrize(
    "labels",
    [{}, {"service": "a"}, {"service": "a", "other": "b"}, {"service": "a", "check": "b", "other": "c"}],
    ids=["none", "one missing", "one misnamed", "one too many"],
)
def test_a_sample_needs_exactly_the_labels_of_its_metric(labels: dict[str, str]) -> None:
    with pytest.raises(MetricError, match="needs labels"):
        UP(1, **labels)


def test_labels_stand_in_the_order_of_the_declaration() -> None:
    assert series(UP(1, check="c", service="s")) == 'ragpulse_thing_up{service="s",check="c"}'


def test_a_metric_without_labels_has_no_braces() -> None:
    assert line(gauge("ragpulse_thing", "x")(0.5)) == "ragpulse_thing 0.5\n"


def test_a_histogram_is_not_called_and_a_gauge_has_no_buckets() -> None:
    with pytest.raises(MetricError, match="use buckets"):
        LATENCY(1, service="a")
    with pytest.raises(MetricError, match="call it"):
        list(UP.buckets([(1, 1)], 1, service="a", check="b"))


def test_a_histogram_ends_with_its_sum_and_the_count_of_its_last_bucket() -> None:
    assert [line(sample) for sample in LATENCY.buckets([(0.1, 2), (math.inf, 5)], 7.5, service="a")] == [
        'ragpulse_thing_seconds_bucket{service="a",le="0.1"} 2.0\n',
        'ragpulse_thing_seconds_bucket{service="a",le="+Inf"} 5.0\n',
        'ragpulse_thing_seconds_sum{service="a"} 7.5\n',
        'ragpulse_thing_seconds_count{service="a"} 5.0\n',
    ]


def test_our_latency_edges_rise_and_have_the_100_ms_target_among_them() -> None:
    assert list(LATENCY_EDGES) == sorted(set(LATENCY_EDGES))
    assert 0.1 in LATENCY_EDGES


def test_a_state_set_has_one_sample_per_choice_and_a_single_one() -> None:
    state = gauge("ragpulse_thing_state", "x", "service", "state")
    found = {series(s): s.value for s in one_of(state, "state", ("up", "down"), "down", service="a")}
    assert found == {
        'ragpulse_thing_state{service="a",state="up"}': 0.0,
        'ragpulse_thing_state{service="a",state="down"}': 1.0,
    }


@pytest.mark.parametrize(
    ("value", "text"), [(1, "1.0"), (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN"), (1e21, "1e+21")]
)
def test_numbers_are_written_as_the_text_format_wants(value: float, text: str) -> None:
    assert number(value) == text


def test_help_and_type_escape_what_would_break_a_line() -> None:
    assert header(counter("ragpulse_things_total", "back\\slash\nline")) == (
        "# HELP ragpulse_things_total back\\\\slash\\nline\n# TYPE ragpulse_things_total counter\n"
    )


def test_a_lone_surrogate_cannot_break_the_page() -> None:
    assert line(UP(1, service="\ud800", check="c")).encode() == (
        b'ragpulse_thing_up{service="\\\\ud800",check="c"} 1.0\n'
    )

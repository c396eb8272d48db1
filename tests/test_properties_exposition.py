"""Whatever is said: the page is UTF-8, and the official parser reads back the same names, labels, values and types."""

import math
import re
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from exporters.page import GarbageError, OwnedError, Page, render
from ragpulse import catalogue
from ragpulse.catalogue.service import DURATION, REQUESTS, UP
from ragpulse.metric import Metric, Sample, header, line, number, series
from tests.fakes.sources import Clock
from tests.fakes.strategies import any_number, any_object, any_text, samples

Key = tuple[str, tuple[tuple[str, str], ...]]

some_samples = st.lists(samples(), max_size=6).map(lambda groups: [sample for group in groups for sample in group])


def replaced(text: str) -> str:
    """What stands for a label value on the page: a lone surrogate as its code, written out."""
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def told(sample: Sample) -> Key:
    labels = {name: replaced(value) for name, value in zip(sample.metric.labels, sample.labels, strict=True)}
    edge = {"le": sample.le} if sample.le else {}
    return sample.metric.name + sample.suffix, tuple(sorted((labels | edge).items()))


def bits(value: float) -> bytes:
    return b"NaN" if math.isnan(value) else struct.pack(">d", value)


def put(page: Page, said: list[Sample]) -> None:
    page.put(page.part(), render(said, catalogue.ALL))


@given(some_samples)
def test_the_official_parser_reads_back_the_same_samples(said: list[Sample]) -> None:
    expected = {told(sample): bits(float(sample.value)) for sample in said}
    page = Page(Clock())
    if len(expected) < len(said):
        with pytest.raises(GarbageError, match="twice in one run"):
            put(page, said)
        return
    put(page, said)
    found = {}
    for family in text_string_to_metric_families(page.text().decode()):
        metric = catalogue.BY_NAME[family.name + "_total" * (family.type == "counter")]
        assert (family.type, family.documentation) == (metric.kind, metric.help)
        for read in family.samples:
            assert read.timestamp is None
            found[read.name, tuple(sorted(read.labels.items()))] = bits(float(read.value))
    assert found == expected


@given(any_number)
def test_a_value_is_written_so_that_every_bit_of_it_is_read_again(value: float) -> None:
    assert bits(float(number(value))) == bits(float(value))


@given(st.text(st.characters(exclude_categories=["Cs"])).map(str.strip), any_text, any_text)
def test_help_and_labels_of_any_metric_are_read_back(help_text: str, first: str, second: str) -> None:
    metric = Metric("ragpulse_thing_up", "gauge", help_text, ("service", "check"))
    (family,) = text_string_to_metric_families(header(metric) + line(metric(1, service=first, check=second)))
    assert (family.name, family.type, family.documentation) == (metric.name, "gauge", help_text)
    assert [read.labels for read in family.samples] == [{"service": replaced(first), "check": replaced(second)}]


@given(st.tuples(any_text, any_text), st.tuples(any_text, any_text))
@example(("a", 'b",check="c'), ('a",check="b', "c"))
@example(("a\\", "b"), ("a", "\\b"))
@example(("a\n", ""), ("a\\n", ""))
@example(("\udce9", ""), ("\udce8", ""))
@example(("\udce9", ""), ("?", ""))
@example(("\r", ""), ("\n", ""))
def test_two_label_sets_are_one_series_only_when_they_are_one(first: tuple[str, str], second: tuple[str, str]) -> None:
    identities = {series(Sample(REQUESTS, 1, labels)) for labels in (first, second)}
    assert (len(identities) == 1) == (tuple(map(replaced, first)) == tuple(map(replaced, second)))


def test_what_becomes_one_series_only_by_replacement_costs_the_run_and_not_the_page() -> None:
    page = Page(Clock())
    put(page, [UP(1, service="\\udce9")])
    before = page.text()
    with pytest.raises(GarbageError, match="twice in one run"):
        put(page, [UP(1, service="\udce8"), UP(0, service="\\udce8")])
    with pytest.raises(OwnedError, match="another source"):
        put(page, [UP(0, service="\udce9")])
    assert page.text() == before


@given(samples(metrics=(DURATION,)))
def test_a_histogram_is_cumulative_and_its_last_bucket_is_its_count(said: list[Sample]) -> None:
    page = Page(Clock())
    put(page, said)
    (family,) = text_string_to_metric_families(page.text().decode())
    buckets = [(float(read.labels["le"]), read.value) for read in family.samples if read.name.endswith("_bucket")]
    (count,) = [read.value for read in family.samples if read.name.endswith("_count")]
    assert buckets == sorted(buckets)
    assert [amount for _, amount in buckets] == sorted(amount for _, amount in buckets)
    assert buckets[-1] == (math.inf, count)


anything = any_object | st.builds(
    Sample,
    st.sampled_from((UP, REQUESTS, DURATION, Metric("ragpulse_x_y", "gauge", "x"))) | any_object,
    any_number | any_object,
    st.lists(any_text | any_object, max_size=3).map(tuple) | any_object,
    st.sampled_from(("", "_bucket", "_sum", "_count")) | any_object,
    st.sampled_from(("", "0.1", "+Inf")) | any_text | any_object,
)


@given(st.lists(anything, max_size=3))
@example([Sample(DURATION, 1.0, ("a", "b"), "_bucket", '0.1"} 1\nragpulse_service_up{service="forged')])
@example([Sample(UP, 10**400, ("a",))])
@example([Sample(UP, 1.0, ())])
@example([Sample(UP, 1.0, (7,))])  # type: ignore[arg-type]
@example([Sample(DURATION, 1.0, ("a", "b"), "_bucket", 7)])  # type: ignore[arg-type]
def test_what_is_no_sample_is_garbage_or_a_line_of_its_own(said: list[object]) -> None:
    try:
        lines = render(said, catalogue.ALL)
    except GarbageError:
        return
    text = b"".join(family.text for family in lines.families.values()).decode()
    families = list(text_string_to_metric_families(text))
    assert sum(len(family.samples) for family in families) == len(lines.series) == text.count("\n")

"""What a source said, for comparison: series as they stand on the page → value."""

from collections.abc import Iterable

from ragpulse.metric import Sample, series


def by_series(samples: Iterable[Sample]) -> dict[str, float]:
    """Errors: AssertionError when a series is said twice."""
    listed = [(series(sample), sample.value) for sample in samples]
    found = dict(listed)
    assert len(found) == len(listed), "a series is said twice"
    return found


def failures(counters: Iterable[Sample]) -> dict[tuple[str, str], float]:
    """(check, reason) → count, of what has failed at all."""
    return {
        (sample.labels[1], sample.labels[2]): sample.value
        for sample in counters
        if sample.metric.name == "ragpulse_probe_failures_total" and sample.value
    }


def requests(counters: Iterable[Sample]) -> dict[str, float]:
    """Check → requests made."""
    return {
        sample.labels[1]: sample.value for sample in counters if sample.metric.name == "ragpulse_probe_requests_total"
    }

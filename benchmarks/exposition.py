"""What stands in an answer to a scrape? Unpacked and parsed after the measuring, by Prometheus's own parser.

Source: a whole HTTP answer as it came, then its page. Errors: ValueError for what is no page.
"""

import gzip
import io
from http.client import HTTPResponse

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_ABOUT_SOURCES = "ragpulse_source_"
_RUNS = "ragpulse_source_runs_total"
_INTERVAL = "ragpulse_source_interval_seconds"


def text(raw: bytes) -> str:
    response = HTTPResponse(_Received(raw))  # type: ignore[arg-type]  # it only makes a file of it
    response.begin()
    body = response.read()
    return (gzip.decompress(body) if response.getheader("content-encoding") == "gzip" else body).decode()


def series(page: str) -> int:
    return len(_samples(page))


def values(page: str, name: str) -> list[float]:
    """Of every series of that name."""
    return [sample.value for sample in _samples(page) if sample.name == name]


def all_have_run(before: str, after: str, within: float) -> bool:
    """Whether each source that is due within `within` seconds has run between these two pages of one agent."""
    earlier, later = _runs(before), _runs(after)
    return all(
        later[sample.labels["source"]] > earlier[sample.labels["source"]]
        for sample in _about_sources(after)
        if sample.name == _INTERVAL and sample.value <= within
    )


def _runs(page: str) -> dict[str, float]:
    """Source → how often it has run, with whatever result."""
    found: dict[str, float] = {}
    for sample in _about_sources(page):
        if sample.name == _RUNS:
            source = sample.labels["source"]
            found[source] = found.get(source, 0.0) + sample.value
    return found


def _about_sources(page: str) -> list[Sample]:
    return _samples("".join(line for line in page.splitlines(keepends=True) if line.startswith(_ABOUT_SOURCES)))


def _samples(page: str) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(page) for sample in family.samples]


class _Received:
    """What `http.client` reads an answer from."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)

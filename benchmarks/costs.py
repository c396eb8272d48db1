"""The table of what a scrape of ours costs beside one of node_exporter."""

from collections.abc import Callable, Iterator

from benchmarks.markdown import Row, mebibytes, milliseconds, percent, table
from benchmarks.side_by_side import Cost, SideBySide


def table_of(found: SideBySide) -> str:
    return table(("", "ragpulse agent", "node_exporter", "ratio"), _rows(found.ours, found.theirs))


def _rows(ours: Cost, theirs: Cost) -> Iterator[Row]:
    def compared(what: str, of: Callable[[Cost], float], written: Callable[[float], str]) -> Row:
        ratio = f"{of(ours) / of(theirs):.3f}" if of(theirs) else ""
        return what, written(of(ours)), written(of(theirs)), ratio

    yield compared("fresh p50, ms", lambda cost: cost.fresh.p50, milliseconds)
    yield compared("fresh p99, ms", lambda cost: cost.fresh.p99, milliseconds)
    yield compared("fresh least, ms", lambda cost: cost.fresh.least, milliseconds)
    yield compared("fresh CPU per scrape, ms", lambda cost: cost.fresh_cpu, milliseconds)
    yield compared("fresh scrapes counted", lambda cost: cost.fresh.count, str)
    yield compared("back to back p50, ms", lambda cost: cost.back_to_back.p50, milliseconds)
    yield compared("back to back p99, ms", lambda cost: cost.back_to_back.p99, milliseconds)
    yield compared("back to back least, ms", lambda cost: cost.back_to_back.least, milliseconds)
    yield compared("back to back CPU per scrape, ms", lambda cost: cost.back_to_back_cpu, milliseconds)
    yield compared("CPU while nobody asks", lambda cost: cost.background, percent)
    yield compared("bytes on the wire", lambda cost: cost.wire_bytes, str)
    yield compared("series", lambda cost: cost.series, str)
    yield compared("RSS, MiB", lambda cost: cost.holdings.rss, mebibytes)
    if ours.holdings.pss is not None and theirs.holdings.pss is not None:
        yield compared("PSS, MiB", lambda cost: cost.holdings.pss or 0, mebibytes)
    yield compared("threads", lambda cost: cost.holdings.threads, str)
    yield compared("open descriptors", lambda cost: cost.holdings.descriptors, str)

"""vLLM's metrics page as families of the official parser, bounded in size, in lines and in series.

Errors: SourceError for a page that is cut off, larger than any real one, or no Prometheus text. A page without any
`vllm:` line (--disable-log-stats) is empty, not wrong.
"""

import io
from collections import Counter
from collections.abc import Iterable

from prometheus_client.metrics_core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample as Line

from exporters.label_text import fits_label
from exporters.source import SourceError
from exporters.vllm_names import ENGINE_LABEL, FAMILIES, MODEL_LABEL, PREFIX, SINGLE_ENGINE, STEPS

EngineKey = tuple[str, str]  # model, engine

MAX_ENGINES = 64  # shown; a real one says about 100 series each
MAX_SERIES = 128  # of one family and engine; the longest real one has 25
MAX_LINE = 4096  # characters; the parser's time grows with the square of a line
MAX_TEXT = 2 * 1024 * 1024  # characters of vLLM's own lines; 64 engines say half of it
_TYPE = f"# TYPE {PREFIX}"
_OURS = (PREFIX, f"# HELP {PREFIX}", _TYPE)
_KNOWN = (*(name for names in FAMILIES.values() for name in names), *STEPS)


def families(text: str) -> dict[str, Family]:
    found: dict[str, Family] = {}
    try:
        for family in text_string_to_metric_families(_own_lines(text)):
            if family.name in found and family.type != "unknown":
                raise SourceError(f"GET /metrics: {family.name} stands twice")
            found.setdefault(family.name, family)
    except (ValueError, LookupError, ArithmeticError) as error:  # what the parser stumbles over
        raise SourceError(f"GET /metrics is not Prometheus text: {error}") from error
    return found


def leave_out(found: dict[str, Family]) -> int:
    """Takes away what is more than `MAX_ENGINES` and `MAX_SERIES`, or has a label that is none. How many series?"""
    known = [found[name] for name in _KNOWN if name in found]
    before = sum(len(family.samples) for family in known)
    for family in known:
        family.samples = [line for line in family.samples if all(map(fits_label, line.labels.values()))]
    engines = set(sorted({engine_of(line) for family in known for line in family.samples})[:MAX_ENGINES])
    for family in known:
        family.samples = _few(family.samples, engines)
    return before - sum(len(family.samples) for family in known)


def engine_of(line: Line) -> EngineKey:
    return line.labels.get(MODEL_LABEL, ""), line.labels.get(ENGINE_LABEL, SINGLE_ENGINE)


def _few(lines: Iterable[Line], engines: set[EngineKey]) -> list[Line]:
    """Those of `engines`. Of an engine with too many, none: half a histogram is no histogram."""
    kept = [line for line in lines if engine_of(line) in engines]
    counts = Counter(map(engine_of, kept))
    return [line for line in kept if counts[engine_of(line)] <= MAX_SERIES]


def _own_lines(text: str) -> str:
    if text and not text.endswith("\n"):
        raise SourceError("GET /metrics: the page is cut off in its last line")
    own: list[str] = []
    typed: set[str] = set()
    are_metrics, size = False, 0
    for line in io.StringIO(text):
        if not line.startswith(_OURS):
            are_metrics = are_metrics or line.startswith("# TYPE ")
            continue
        size += len(line)
        if len(line) > MAX_LINE or size > MAX_TEXT:
            raise SourceError("GET /metrics: the page is larger than that of any vLLM")
        if line.startswith(_TYPE):
            # Two in a row are one family for the parser, with the samples of both and the type of the second.
            if (name := line.split()[2]) in typed:
                raise SourceError(f"GET /metrics: {name} stands twice")
            typed.add(name)
        own.append(line)
    if not own and not are_metrics:
        raise SourceError("GET /metrics is no page of Prometheus metrics")
    return "".join(own)

"""Which lines of a metrics page does our catalogue need? As series, by family, with the types that are declared.

Most lines are about something else and are only looked at. Of a line that is needed, the official library parses the
labels (`vllm_labels`), and the value is read as the number it is; a line that is more than that goes to the library as
it stands. Types are taken as they are declared, under the name of the family with and without `_total`.

Errors: SourceError for a page that is cut off, larger than any real one, or no Prometheus text. A page without any
line of vLLM (--disable-log-stats, or a page of Ray on which it does not run) is empty, not wrong.
"""

import io
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from exporters import vllm_labels
from exporters.source import SourceError
from exporters.vllm_labels import Labels
from exporters.vllm_names import FAMILIES, PREFIXES, Row
from exporters.vllm_other_names import OTHER_NAMES
from ragpulse.metric import Metric

EngineKey = tuple[str, str]  # model, engine

MAX_ENGINES = 64  # shown; a real one says about 200 series each
MAX_SERIES = 128  # of one family and engine; the longest real one has 25
MAX_LINE = 4096  # characters; the parser's time grows with the square of a line
MAX_LINES = 20_000  # that are needed; 64 engines have 13,000


class Series(NamedTuple):
    """One line. `part`: `_bucket`, `_sum` or `_count` of a histogram, else empty."""

    part: str
    labels: Labels
    value: float


@dataclass(slots=True)
class Text:
    """`series` and `types` by the names of families as they stand there. `unknown`: families that stand in no list."""

    series: defaultdict[str, list[Series]] = field(default_factory=lambda: defaultdict(list))
    types: dict[str, str] = field(default_factory=dict)
    unknown: int = 0
    has_vllm: bool = False
    is_of_ray: bool = False


def _spellings(metric: Metric, row: Row) -> tuple[str, ...]:
    ends = ("_total", "") if metric.kind == "counter" else ("",)
    prefixes = PREFIXES if row.has_prefix else ("",)
    return tuple(prefix + name.name + end for name, end, prefix in product(row.names, ends, prefixes))


def _type_names(family: str) -> tuple[str, ...]:
    """OpenMetrics declares a counter without `_total`; `escaping=underscores` leaves the colon where it declares."""
    names = (family, family.removesuffix("_total"))
    return tuple(dict.fromkeys(spelt for name in names for spelt in (name, name.replace("vllm_", "vllm:", 1))))


SPELLINGS = {metric: _spellings(metric, row) for metric, row in FAMILIES.items()}  # of a family, best first
TYPE_NAMES = {name: _type_names(name) for names in SPELLINGS.values() for name in names}  # where its type may stand

_PARTS = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}
_NEEDED = {
    name + part: (name, part) for metric, names in SPELLINGS.items() for name in names for part in _PARTS[metric.kind]
}
_TYPED = frozenset(name for names in TYPE_NAMES.values() for name in names)
_KNOWN = OTHER_NAMES | {name.name.removesuffix("_total") for row in FAMILIES.values() for name in row.names}
_TYPE = "# TYPE "
_TYPE_WORDS = 4
_STARTS = (*PREFIXES, *(name for metric, row in FAMILIES.items() if not row.has_prefix for name in SPELLINGS[metric]))
_OURS = (*_STARTS, *(_TYPE + start for start in _STARTS))
_RAY = ("ray_", "autoscaler_")


def read(text: str) -> Text:
    if text and not text.endswith(("\n", "# EOF")):
        raise SourceError("GET /metrics: the page is cut off in its last line")
    if not _declares(text, ""):
        raise SourceError("GET /metrics is no page of Prometheus metrics")
    found = Text(
        has_vllm=any(_declares(text, prefix) for prefix in PREFIXES),
        is_of_ray=any(_declares(text, prefix) for prefix in _RAY),
    )
    try:
        _take(text, found)
    except (ValueError, LookupError, ArithmeticError) as error:  # what the parser stumbles over
        raise SourceError(f"GET /metrics is not Prometheus text: {error}") from error
    return found


def _declares(text: str, prefix: str) -> bool:
    return text.startswith(_TYPE + prefix) or f"\n{_TYPE}{prefix}" in text


def _take(text: str, found: Text) -> None:
    count = 0
    for line in io.StringIO(text):
        if not line.startswith(_OURS):
            continue
        if line.startswith("#"):
            _declare(line, found)
            continue
        head, brace, rest = line.partition("{")
        if (needed := _NEEDED.get(head)) is None:
            if (needed := _NEEDED.get(head.split(maxsplit=1)[0])) is None:
                continue
            brace = ""
        count += 1
        if len(line) > MAX_LINE or count > MAX_LINES:
            raise SourceError("GET /metrics: the page is larger than that of any vLLM")
        family, part = needed
        labels, value = _parted(rest) or vllm_labels.of_line(line) if brace else vllm_labels.of_line(line)
        found.series[family].append(Series(part, labels, value))


def _parted(rest: str) -> tuple[Labels, float] | None:
    """Of what follows a name and a brace; None for more than labels and a number."""
    block, _, number = rest.rpartition("}")
    if "_" in number or "#" in rest:
        return None
    try:
        value = float(number)
    except ValueError:
        return None
    return vllm_labels.of_block(block), value


def _declare(line: str, found: Text) -> None:
    words = line.split()
    if len(words) != _TYPE_WORDS:
        return
    name, kind = words[2:]
    if name in _TYPED:
        if found.types.setdefault(name, kind) != kind:
            raise SourceError(f"GET /metrics: {name} has two types")
    elif not _is_known(name):
        found.unknown += 1


def _is_known(name: str) -> bool:
    """What does not begin like vLLM's is no unknown family of it."""
    prefix = next((prefix for prefix in PREFIXES if name.startswith(prefix)), None)
    if prefix is None:
        return True
    return name.removeprefix(prefix).removesuffix("_created").removesuffix("_total") in _KNOWN

"""What is on the page that Prometheus scrapes? Rendered lines of all sources, joined by family in catalogue order.

Each run renders, packs and joins its own lines once, in its own thread; asking for the page reads memory and nothing
else. Readings that are too old are left out when the page is asked. Ages in seconds of the given clock. Errors:
`GarbageError` for what a source should not have said, `OwnedError` for a series that stands on the page already; the
page stays as it was.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf

from exporters.packed import Block, block, gzipped, joined
from ragpulse import catalogue
from ragpulse.metric import Metric, Sample, header, number, series

MAX_SERIES = 20_000  # of one source; beyond it lies an endless generator or a label without bound
_SUFFIXES = {"gauge": ("",), "counter": ("",), "histogram": ("_bucket", "_sum", "_count")}
_HEADERS = {metric.name: block(header(metric).encode()) for metric in catalogue.ALL}


class GarbageError(Exception):
    """Something that is no sample of the catalogue entries which the source declares."""


class OwnedError(Exception):
    """A series that another part of the page has already."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Rendered samples: family name → its lines, and the identity of every series in them."""

    families: Mapping[str, Block]
    series: frozenset[str]


NO_LINES = Lines({}, frozenset())


def render(samples: Iterable[object], allowed: Iterable[Metric]) -> Lines:
    """Errors: GarbageError, and whatever `samples` raises while it is walked."""
    entries = {metric.name: metric for metric in allowed if catalogue.BY_NAME.get(metric.name) is metric}
    families: dict[str, list[str]] = {}
    found: set[str] = set()
    for said in samples:
        sample = _checked(said, entries)
        try:
            identity, value = series(sample), number(sample.value)
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            raise GarbageError(f"{sample.metric.name}: {error}") from error
        if identity in found:
            raise GarbageError(f"{identity} twice in one run")
        if len(found) >= MAX_SERIES:
            raise GarbageError(f"more than {MAX_SERIES} series")
        found.add(identity)
        families.setdefault(sample.metric.name, []).append(f"{identity} {value}\n")
    return Lines({name: block("".join(lines).encode()) for name, lines in families.items()}, frozenset(found))


def _checked(sample: object, entries: Mapping[str, Metric]) -> Sample:
    if not isinstance(sample, Sample):
        raise GarbageError(f"{type(sample).__name__} is not a sample")
    metric = sample.metric
    if not isinstance(metric, Metric) or entries.get(metric.name) is not metric:
        raise GarbageError(f"{getattr(metric, 'name', metric)} is not among what this source emits")
    if not isinstance(sample.value, int | float):
        raise GarbageError(f"{metric.name}: {type(sample.value).__name__} is not a number")
    if sample.suffix not in _SUFFIXES[metric.kind] or bool(sample.le) != (sample.suffix == "_bucket"):
        raise GarbageError(f"{metric.name}{sample.suffix} is not a sample of a {metric.kind}")
    return sample


class Part:
    """What one writer has on the page. `max_age` in seconds; infinite for counters, which are never withheld."""

    def __init__(self, number: int, max_age: float) -> None:
        self.number = number  # in the order in which they came
        self.max_age = max_age
        self.lines = NO_LINES
        self.written = -inf
        self.is_shown = True


class Page:
    """Parts come and go with their writers; each is written by its own thread.

    Families are joined when a part is put, not when the page is asked: a scrape then touches one block for each.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._parts: dict[Part, None] = {}
        self._came = 0
        self._owners: dict[str, Part] = {}
        self._written: dict[str, dict[Part, Block]] = {}  # family name → what each part says of it
        self._families: dict[str, Block] = {}  # with header

    def part(self, max_age: float = inf) -> Part:
        with self._lock:
            self._came += 1
            part = Part(self._came, max_age)
            self._parts[part] = None
        return part

    def drop(self, part: Part) -> None:
        """Takes `part` off the page for good: its series are free for others, and what is put late goes nowhere."""
        with self._lock:
            self._parts.pop(part, None)
            for identity in part.lines.series:
                self._owners.pop(identity, None)
            self._show(part, part.lines, NO_LINES)
            part.lines = NO_LINES

    def put(self, part: Part, lines: Lines) -> None:
        """Replace what `part` says. Errors: OwnedError; then the old lines stay."""
        with self._lock:
            if part not in self._parts:
                return
            for identity in lines.series:
                if self._owners.get(identity, part) is not part:
                    raise OwnedError(f"{identity} stands on the page already, from another source")
            for identity in part.lines.series - lines.series:
                del self._owners[identity]
            self._owners.update(dict.fromkeys(lines.series, part))
            self._show(part, part.lines, lines)
            part.lines = lines
            part.written = self._clock()
            part.is_shown = True

    def text(self) -> bytes:
        """The page of now in the text format 0.0.4."""
        return b"".join(each.text for each in self._blocks())

    def gzipped(self) -> bytes:
        """The same, as one gzip member."""
        return gzipped(self._blocks())

    def _blocks(self) -> list[Block]:
        with self._lock:
            now = self._clock()
            for part in self._parts:
                if part.is_shown and now - part.written > part.max_age:
                    self._show(part, part.lines, NO_LINES)  # until it says something new; its series stay its own
                    part.is_shown = False
            return [self._families[name] for name in _HEADERS if name in self._families]

    def _show(self, part: Part, before: Lines, now: Lines) -> None:
        for name in before.families.keys() | now.families.keys():
            written = self._written.setdefault(name, {})
            if name in now.families:
                written[part] = now.families[name]
            else:
                written.pop(part, None)
            if written:
                inside = [written[each] for each in sorted(written, key=lambda each: each.number)]
                self._families[name] = joined([_HEADERS[name], *inside])
            else:
                self._families.pop(name, None)

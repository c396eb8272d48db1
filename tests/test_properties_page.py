"""A page of several parts through any history of put, drop and time, against a model that is nothing but a table."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from prometheus_client.parser import text_string_to_metric_families

from exporters.page import GarbageError, OwnedError, Page, Part, render
from ragpulse import catalogue
from ragpulse.catalogue.node import LOAD
from ragpulse.catalogue.service import READY, REQUESTS, UP
from ragpulse.metric import Sample, line, series
from tests.fakes.sources import Clock

MAX_AGES = (3.0, 10.0, float("inf"))
# Few series, so that parts often want the same one.
few_samples = st.lists(
    st.one_of(
        *(
            st.builds(metric, st.integers(0, 9), **{label: st.sampled_from("ab") for label in metric.labels})
            for metric in (UP, READY, LOAD, REQUESTS)
        )
    ),
    max_size=4,
    unique_by=series,
)


class PageMachine(RuleBasedStateMachine):
    """`held`: what each part that is on the page said last, and when."""

    parts: Bundle[Part] = Bundle("parts")

    @initialize()
    def start(self) -> None:
        self.clock = Clock()
        self.page = Page(self.clock)
        self.held: dict[Part, tuple[list[Sample], float]] = {}

    @rule(target=parts, max_age=st.sampled_from(MAX_AGES))
    def comes(self, max_age: float) -> Part:
        part = self.page.part(max_age)
        self.held[part] = ([], 0.0)
        return part

    @rule(part=parts, said=few_samples)
    def puts(self, part: Part, said: list[Sample]) -> None:
        lines = render(said, catalogue.ALL)
        others = {series(sample) for other, (held, _) in self.held.items() if other is not part for sample in held}
        if part in self.held and others & lines.series:
            with pytest.raises(OwnedError):
                self.page.put(part, lines)
            return
        self.page.put(part, lines)
        if part in self.held:
            self.held[part] = (said, self.clock.now)

    @rule(said=few_samples.filter(bool))
    def says_garbage(self, said: list[Sample]) -> None:
        with pytest.raises(GarbageError):
            render([*said, said[0]], catalogue.ALL)

    @rule(part=parts)
    def goes(self, part: Part) -> None:
        self.page.drop(part)
        self.held.pop(part, None)

    @rule(seconds=st.sampled_from((0.0, 1.0, 3.0, 3.5, 10.0)))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @invariant()
    def every_current_line_stands_once_below_the_one_header_of_its_family(self) -> None:
        current = [
            sample
            for part, (held, written) in self.held.items()
            if self.clock.now - written <= part.max_age
            for sample in held
        ]
        text = self.page.text().decode()
        families = list(text_string_to_metric_families(text))
        order = [metric.name for metric in catalogue.ALL]
        found = [name for name in text.splitlines() if name.startswith("# TYPE ")]
        assert found == [
            f"# TYPE {name} {catalogue.BY_NAME[name].kind}"
            for name in sorted({sample.metric.name for sample in current}, key=order.index)
        ]
        assert sum(len(family.samples) for family in families) == len(current)
        assert sorted(row for row in text.splitlines(keepends=True) if row[0] != "#") == sorted(map(line, current))


TestPage = PageMachine.TestCase

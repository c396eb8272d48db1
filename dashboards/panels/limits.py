"""Where good ends: two limits, taken from the cluster's targets or from what an alert compares with."""

from dataclasses import dataclass

from dashboards.panel import Step
from dashboards.panels.colours import BAD, GOOD, UNKNOWN, WARNING


@dataclass(frozen=True, slots=True)
class Limits:
    """From `bad` on red, from `warning` on orange. `warning` the larger: small is bad, and below `bad` it is red."""

    warning: float
    bad: float

    def steps(self, lowest: float) -> list[Step]:
        """Grey without data, then a verdict from `lowest` on."""
        if self.warning == self.bad:
            return [Step(UNKNOWN), Step(GOOD, lowest), Step(BAD, self.bad)]
        if self.warning < self.bad:
            return [Step(UNKNOWN), Step(GOOD, lowest), Step(WARNING, self.warning), Step(BAD, self.bad)]
        return [Step(UNKNOWN), Step(BAD, lowest), Step(WARNING, self.bad), Step(GOOD, self.warning)]

    def lines(self) -> list[Step]:
        """Across a graph: what lies between them is not coloured."""
        pair = sorted({(self.warning, WARNING), (self.bad, BAD)})
        return [Step("transparent"), *(Step(colour, value) for value, colour in pair)]

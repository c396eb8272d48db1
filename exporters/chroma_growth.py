"""Which records came and went between two looks at a Chroma's collections? Collections are known by their id.

One that is made anew under its old name has lost all that it held and gained what it holds. A collection that could not
be counted keeps its last count until it can. Unix time.
"""

from exporters.clocks import Clock


class Growth:
    """At each look `begin` with all ids that exist, then `see` those that were counted."""

    def __init__(self, clock: Clock) -> None:
        self.gained = 0
        self.lost = 0
        self._clock = clock
        self._counts: dict[str, int] = {}
        self._changed: dict[str, float] = {}
        self._listed: set[str] | None = None
        self._new: set[str] = set()

    def begin(self, identities: set[str]) -> None:
        for gone in self._counts.keys() - identities:
            self.lost += self._counts.pop(gone)
            self._changed.pop(gone, None)
        if self._listed is not None:
            self._new = (self._new | (identities - self._listed)) & identities
        self._listed = identities

    def see(self, identity: str, records: int) -> None:
        before = 0 if identity in self._new else self._counts.get(identity)
        self._new.discard(identity)
        self._counts[identity] = records
        if before is None or before == records:
            return
        self._changed[identity] = self._clock()
        self.gained += max(0, records - before)
        self.lost += max(0, before - records)

    def changed(self, identity: str) -> float | None:
        """None where no change was seen."""
        return self._changed.get(identity)

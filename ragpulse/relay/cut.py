"""Text that must not become longer than a service takes, cut between what people see as characters.

An emoji may be many code points (a family, a flag, a skin tone): it stays whole or goes.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_MORE = "…"
_JOINER = "\N{ZERO WIDTH JOINER}"
_JOINS = frozenset({"Mn", "Mc", "Me"})
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_REGIONAL = range(0x1F1E6, 0x1F200)


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` of what the service counts. Who counts characters may mean UTF-16 units, of which there are more."""

    most: int
    unit: Literal["UTF-16", "bytes"]

    def size(self, text: str) -> int:
        return len(text.encode()) if self.unit == "bytes" else len(text.encode("utf-16-le")) // 2

    def fits(self, text: str) -> bool:
        return self.size(text) <= self.most

    def cut(self, text: str) -> str:
        if self.fits(text):
            return text
        left, kept = self.most - self.size(_MORE), []
        for seen in _characters(text):
            left -= self.size(seen)
            if left < 0:
                break
            kept.append(seen)
        return "".join(kept).rstrip() + _MORE


def _characters(text: str) -> Iterator[str]:
    current = ""
    for point in text:
        if current and _belongs(point, current):
            current += point
            continue
        if current:
            yield current
        current = point
    yield current


def _belongs(point: str, current: str) -> bool:
    code = ord(point)
    return (
        unicodedata.category(point) in _JOINS
        or point == _JOINER
        or current[-1] == _JOINER
        or code in _SKIN_TONES
        or code in _TAGS
        or (code in _REGIONAL and len(current) == 1 and ord(current) in _REGIONAL)
    )

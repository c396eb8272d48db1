"""What an alert asks, taken apart: conditions that `and`, `unless` and `or` join, in PromQL's order of precedence.

Only what is joined is taken apart; what stands inside a function or an aggregation is one condition. Nothing is
changed: the parts of a clause, put together again, are its text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = re.compile(r"(and|unless|or)\b(\s+(?:on|ignoring)\s*\([^)]*\))?")
_COMPARED = re.compile(r"(==|!=|<=|>=|<|>)(?!\s*bool\b)")
_AGGREGATION = re.compile(r"((?:max|min)(?:\s+by\s*\([^)]*\))?)\s*\(")
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Joined:
    """how: `and`, `unless` or `or`, with its `on (...)`; empty for the first part."""

    how: str
    clause: "Clause"


@dataclass(frozen=True, slots=True)
class Clause:
    """parts: two or more, or none for a single condition; all of them are joined by `or`, or none."""

    text: str
    parts: tuple[Joined, ...] = ()

    @property
    def is_choice(self) -> bool:
        return any(part.how.startswith("or") for part in self.parts)


@dataclass(frozen=True, slots=True)
class Comparison:
    left: str
    operator: str
    right: str


def clause(expression: str) -> Clause:
    text = _without_parentheses(expression.strip())
    words = list(_words(text))
    if choices := [word for word in words if word[0].startswith("or")]:
        words = choices
    if not words:
        return Clause(text)
    starts = [0, *(end for _, _, end in words)]
    ends = [*(start for _, start, _ in words), len(text)]
    how = ["", *(" ".join(word.split()) for word, _, _ in words)]
    return Clause(
        text,
        tuple(Joined(each, clause(text[start:end])) for each, start, end in zip(how, starts, ends, strict=True)),
    )


def comparison(text: str) -> Comparison | None:
    """Of a single condition; None for one that does not compare."""
    for place in _outside(text):
        if match := _COMPARED.match(text, place):
            return Comparison(text[:place].strip(), match[0], text[match.end() :].strip())
    return _aggregated(text)


def _aggregated(text: str) -> Comparison | None:
    """`max by (x) (a == 1)`: what is told is the highest a, whatever it is compared with."""
    match = _AGGREGATION.match(text)
    if match is None or list(_outside(text[match.end() - 1 :])):
        return None
    inner = clause(text[match.end() - 1 :])
    compared = comparison(inner.text) if not inner.parts else None
    return compared and Comparison(f"{match[1]} ({compared.left})", compared.operator, compared.right)


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    """The words that join, with where they begin and end."""
    passed = 0
    for place in _outside(text):
        if place >= passed and (place == 0 or text[place - 1] in " )\n") and (match := _WORD.match(text, place)):
            passed = match.end()
            yield match[0], place, passed


def _without_parentheses(text: str) -> str:
    while text.startswith("(") and not [place for place in _outside(text) if 0 < place < len(text) - 1]:
        text = text[1:-1].strip()
    return text


def _outside(text: str) -> Iterator[int]:
    """Places that stand in no quotes, parentheses, braces or brackets; those themselves are inside."""
    depth, place = 0, 0
    while place < len(text):
        character = text[place]
        if character == '"':
            place += 1
            while text[place] != '"':
                place += 1 + (text[place] == "\\")
        elif character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif depth == 0:
            yield place
        place += 1

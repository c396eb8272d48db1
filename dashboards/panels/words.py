"""Values that are words: what each number means, and its colour."""

from collections.abc import Mapping
from typing import Any

from dashboards.panel import Step
from dashboards.panels.colours import UNKNOWN

Words = Mapping[int, tuple[str, str]]  # value → what it means, and the colour of that


def mappings(words: Words) -> list[dict[str, Any]]:
    options = {str(value): {"text": word, "color": colour, "index": value} for value, (word, colour) in words.items()}
    return [{"type": "value", "options": options}] if options else []


def steps(words: Words) -> list[Step]:
    """Grey below all of them: a value without a word must not look good."""
    return [Step(UNKNOWN), *(Step(colour, value) for value, (_, colour) in sorted(words.items()))]

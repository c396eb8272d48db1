"""Pseudo-text: the same prompt always gets the same words, one word is one token, and no model had a part in it."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

FinishReason = Literal["stop", "length"]

# The upper bound by which vLLM refuses a text before it counts its tokens.
CHARACTERS_PER_TOKEN = 9
_TOKEN = re.compile(r"\w+|[^\w\s]")
_SHORTEST, _LONGEST = 12, 256
_WORDS = (
    "the", "a", "of", "and", "to", "in", "is", "for", "on", "with", "as", "by", "index", "vector", "query", "token",
    "cache", "batch", "latency", "memory", "node", "queue", "answer", "source", "page", "context", "window", "budget",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    finish_reason: FinishReason | None


def count_tokens(text: str) -> int:
    """Words and marks; never 0, as a model's own beginning-of-text token would see to."""
    return max(1, len(_TOKEN.findall(text)))


def answer(prompt: str, max_tokens: int, *, ignore_eos: bool = False) -> Iterator[Token]:
    """Ends at `max_tokens` (`length`), or by itself (`stop`) at a length that the prompt decides."""
    generator = random.Random(prompt)  # noqa: S311 - words to look at, no secret
    own_length = max_tokens if ignore_eos else generator.randint(_SHORTEST, _LONGEST)
    last: FinishReason = "stop" if own_length < max_tokens else "length"
    count = min(own_length, max_tokens)
    for number in range(1, count + 1):
        yield Token(f" {generator.choice(_WORDS)}", last if number == count else None)

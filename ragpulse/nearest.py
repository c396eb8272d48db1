"""The nearest of what is allowed, as the end of a message."""

import difflib
from collections.abc import Iterable


def close_to(word: str, allowed: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word.lower(), tuple(allowed), n=1)), None)


def nearest(word: str, allowed: Iterable[str], listed: str = "allowed:") -> str:
    """`; did you mean vllm?`, else `; allowed: ray, vllm`, else nothing."""
    names = tuple(allowed)
    if (close := close_to(word, names)) is not None:
        return f"; did you mean {close}?"
    return f"; {listed} {', '.join(names)}" if names else ""

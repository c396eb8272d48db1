"""The placeholders `{nonce}` and `{id}` of a round trip: where they stand in what is sent, and what takes their place.

In values, not in keys. Without the library that checks the cluster file: an agent fills them in.
"""

from collections.abc import Iterator, Mapping
from typing import Any


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from texts(entry)


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """A JSON value, or a path, with what the placeholders stand for."""
    if isinstance(value, str):
        for name, text in values.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, dict):
        return {key: filled(entry, values) for key, entry in value.items()}
    return [filled(entry, values) for entry in value] if isinstance(value, list) else value

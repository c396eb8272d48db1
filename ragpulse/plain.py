"""A checked cluster as plain values: the same attributes, without the library that checked them.

An agent stays in memory on every node, the checking library weighs a quarter of it, and nothing is checked twice.
Parts of the cluster file become namespaces, which compare by what they hold; mappings, tuples and scalars stay.
"""

from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel


def plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        names = (*type(value).model_fields, *type(value).__class_vars__)
        return SimpleNamespace(**{name: plain(getattr(value, name)) for name in names})
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(entry) for entry in value)
    return value

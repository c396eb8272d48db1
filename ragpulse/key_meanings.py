"""What does each key of the cluster file mean? The text that stands below it in its class.

Python itself drops these texts, so that an agent does not carry them; here they are read from the source.
"""

import ast
import inspect
import textwrap
from itertools import pairwise

from pydantic import BaseModel

from ragpulse.known_keys import keys


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Key as the file writes it → its meaning. Errors: KeyError names a key that has none."""
    found: dict[str, str] = {}
    for parent in reversed(model.__mro__):
        if issubclass(parent, BaseModel) and parent is not BaseModel:
            found |= _texts_below_fields(parent)
    names = zip(model.model_fields, keys(model), strict=True)
    return {key: found[name] for name, key in names}


def _texts_below_fields(model: type[BaseModel]) -> dict[str, str]:
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 - the source of a class
    body = definition.body
    return {
        field.target.id: inspect.cleandoc(text.value.value).replace("\n", " ")
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }

"""From a file to a `Cluster`, or to all of its mistakes at once with file, line, key and mend."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ragpulse import yaml_file
from ragpulse.consistency import contradictions
from ragpulse.errors import ConfigError, Problem
from ragpulse.inventory import Cluster
from ragpulse.location import KINDS, in_file
from ragpulse.readable_part import readable_part


def load(file: Path) -> Cluster:
    """Errors: ConfigError with every problem of the file."""
    return parse(yaml_file.read(file), str(file))


def parse(document: yaml_file.Document, name: str) -> Cluster:
    if not isinstance(document.value, dict):
        raise ConfigError(name, [Problem("", "is not a cluster file: it must be a mapping with the key `cluster`")])
    part, errors = readable_part(document.value)
    problems = [*document.problems, *(_problem(details, document) for details in errors)]
    if part is not None:
        found = part.true_of_the_whole(contradictions(part.cluster))
        problems += [Problem(yaml_file.key_path(path), text, document.line(path)) for path, text in found]
    if problems or part is None:
        raise ConfigError(name, problems)
    return part.cluster


def _problem(details: ErrorDetails, document: yaml_file.Document) -> Problem:
    path = in_file(details["loc"])
    key = yaml_file.key_path(path)
    return Problem(key, _text(details, path), document.line(path))


def _text(details: ErrorDetails, path: yaml_file.Path_) -> str:  # noqa: PLR0911 - one return per kind of mistake
    found, context = details["input"], details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return f"unknown key{_nearest(str(path[-1]), _allowed_keys(path[:-1], found))}"
        case "missing":
            return "is missing"
        case "value_error":
            return str(context["error"])
        case "union_tag_invalid":
            kind = found.get("kind") if isinstance(found, dict) else found
            return f"unknown kind {kind!r}{_nearest(str(kind), KINDS)}"
        case "union_tag_not_found":
            return f"kind is missing; one of {', '.join(KINDS)}"
        case "literal_error":
            return f"{found!r} is not allowed here; one of {context['expected']}"
    message = details["msg"][0].lower() + details["msg"][1:]
    return message if isinstance(found, dict | list) else f"{found!r}: {message}"


def _allowed_keys(parent: yaml_file.Path_, _: object) -> tuple[str, ...]:
    """The keys of the mapping at `parent`, found by walking the models along the path."""
    models: list[Any] = [Cluster]
    for part in parent:
        models = [inner for model in models for inner in _step(model, part)]
    return tuple(dict.fromkeys(key for model in models for key in _keys(model)))


def _step(annotation: Any, part: str | int) -> Iterator[Any]:
    for model in _models(annotation):
        for name, info in model.model_fields.items():
            if part == (info.alias or name):
                yield info.annotation
    yield from _containers(annotation)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif not _is_container(annotation):
        for inner in get_args(annotation):
            yield from _models(inner)


def _containers(annotation: Any) -> Iterator[Any]:
    """What a mapping or list of the file holds."""
    if _is_container(annotation):
        yield next((inner for inner in reversed(get_args(annotation)) if inner is not Ellipsis), None)
    else:
        for inner in get_args(annotation):
            yield from _containers(inner)


def _is_container(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) in (dict, tuple, list)


def _keys(annotation: Any) -> Iterator[str]:
    for model in _models(annotation):
        for name, info in model.model_fields.items():
            yield info.alias or name


def _nearest(word: str, allowed: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, allowed, n=1)
    return f"; did you mean {close[0]}?" if close else f"; allowed: {', '.join(allowed)}" if allowed else ""

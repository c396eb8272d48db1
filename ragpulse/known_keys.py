"""Which keys may stand at a place of the cluster file, and where does a key belong that stands in the wrong one?

Found by walking the models along the path, so that a new key is known everywhere at once.
"""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from ragpulse.inventory import Cluster
from ragpulse.location import Path_, at
from ragpulse.services import Service

Model = type[BaseModel]


def models_at(path: Path_, document: Any) -> tuple[Model, ...]:
    """What may be the mapping at `path`; of an entry whose kind is known only that kind."""
    annotations: list[Any] = [Cluster]
    for index, part in enumerate(path):
        annotations = [inner for annotation in annotations for inner in _step(annotation, part)]
        annotations = _of_its_kind(annotations, at(document, path[: index + 1]))
    return tuple(dict.fromkeys(model for annotation in annotations for model in _models(annotation)))


def keys(model: Model) -> tuple[str, ...]:
    return tuple(info.alias or name for name, info in model.model_fields.items())


def needed(model: Model) -> tuple[str, ...]:
    return tuple(info.alias or name for name, info in model.model_fields.items() if info.is_required())


def kinds_with(key: str, section: Path_) -> tuple[str, ...]:
    """The kinds of what `section` holds that have a key of this name."""
    models = models_at((*section, ""), None)
    return tuple(kind_of(model) for model in models if key in keys(model))


def kind_of(model: Model) -> str:
    return str(get_args(model.model_fields["kind"].annotation)[0])


def homes(key: str) -> tuple[str, ...]:
    """The places outside of services where a key of this name may stand: `monitoring` for `retention`."""
    return tuple(dict.fromkeys(_homes(Cluster, key, "")))


def _homes(model: Model, key: str, place: str) -> Iterator[str]:
    if issubclass(model, Service):
        return
    if key in keys(model):
        yield place
    for name, info in model.model_fields.items():
        inside = f"{place}.{info.alias or name}".lstrip(".")
        for inner in _models(info.annotation):
            yield from _homes(inner, key, inside)
        for held in _held(info.annotation):
            for inner in _models(held):
                yield from _homes(inner, key, f"{inside}.<name>")


def _of_its_kind(annotations: list[Any], value: Any) -> list[Any]:
    models = [model for annotation in annotations for model in _models(annotation)]
    if len(models) > 1 and all("kind" in model.model_fields for model in models) and isinstance(value, dict):
        return [model for model in models if kind_of(model) == value.get("kind")] or models
    return annotations


def _step(annotation: Any, part: str | int) -> Iterator[Any]:
    for model in _models(annotation):
        for name, info in model.model_fields.items():
            if part == (info.alias or name):
                yield info.annotation
    yield from _held(annotation)


def _models(annotation: Any) -> Iterator[Model]:
    """The mappings that may stand here, itself or one of its alternatives."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif not _is_container(annotation):
        for inner in get_args(annotation):
            yield from _models(inner)


def _held(annotation: Any) -> Iterator[Any]:
    """What a mapping of free names, or a list, holds."""
    if _is_container(annotation):
        yield next((inner for inner in reversed(get_args(annotation)) if inner is not Ellipsis), None)
    else:
        for inner in get_args(annotation):
            yield from _held(inner)


def _is_container(annotation: Any) -> bool:
    return get_origin(annotation) in {dict, tuple, list}

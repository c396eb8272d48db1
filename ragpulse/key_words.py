"""A key that nothing is called, or one that is not there: which keys may stand in its place?"""

from ragpulse import known_keys
from ragpulse.location import Path_, kinds_at
from ragpulse.nearest import close_to, nearest
from ragpulse.services import Service
from ragpulse.yaml_file import Document


def needed_at(path: Path_, document: Document) -> tuple[str, ...]:
    """The keys that the mapping at `path` cannot be without."""
    models = known_keys.models_at(path, document.value)
    return known_keys.needed(models[0]) if len(models) == 1 else ()


def missing_key(path: Path_, document: Document) -> str:
    return f"is missing; needed here: {', '.join(needed_at(path[:-1], document))}"


def unknown_key(path: Path_, document: Document) -> str:
    """Another kind's, another section's, or nobody's."""
    key, parent = str(path[-1]), path[:-1]
    models = known_keys.models_at(parent, document.value)
    allowed = tuple(dict.fromkeys(name for model in models for name in known_keys.keys(model)))
    near = close_to(key, allowed)
    if kinds_at(parent) and (kinds := known_keys.kinds_with(key, parent[:-1])):
        has = near or ", ".join(name for name in allowed if name not in Service.model_fields)
        return f"belongs to kind {' and '.join(kinds)}; kind {known_keys.kind_of(models[0])} has {has}"
    if near is None and (homes := [home for home in known_keys.homes(key) if home]):
        return f"unknown key here; {key} belongs to {' or '.join(homes)}"
    return f"unknown key{nearest(key, allowed)}"

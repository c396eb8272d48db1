"""Where in the cluster file does pydantic mean? Its paths also name kinds of services and members of unions."""

from typing import Any, get_args

from pydantic_core import ErrorDetails

from ragpulse.receivers import AnyReceiver
from ragpulse.services import AnyService

Path_ = tuple[str | int, ...]


def _kinds(union: Any) -> tuple[str, ...]:
    return tuple(model.model_fields["kind"].annotation.__args__[0] for model in get_args(get_args(union)[0]))


# Sections whose entries have one of several kinds.
_KINDS: dict[Path_, tuple[str, ...]] = {
    ("services",): _kinds(AnyService),
    ("notify", "receivers"): _kinds(AnyReceiver),
}


def kinds_at(path: Path_) -> tuple[str, ...]:
    """Of which the entry at `path` is one; nothing where there are no kinds."""
    return _KINDS.get(path[:-1], ())


def in_file(details: ErrorDetails, value: Any) -> Path_:
    """`services.x.vllm.url` → `services.x.url`, `ok_values.0.str` → `ok_values.0`. `value`: what was judged."""
    location = details["loc"]
    location = next(
        (_without_kind(location, section) for section in _KINDS if location[: len(section)] == section), location
    )
    path: list[str | int] = []
    for index, part in enumerate(location):
        inside = _inside(value, part)
        is_missing_key = details["type"] == "missing" and index == len(location) - 1
        if inside or is_missing_key:
            path.append(part)
            value = value[part] if inside else None
    return tuple(path)


def _without_kind(location: Path_, section: Path_) -> Path_:
    entry = len(section) + 1
    has_one = len(location) > entry and location[entry] in _KINDS[section]
    return location[:entry] + location[entry + 1 :] if has_one else location


def at(value: Any, path: Path_) -> Any:
    """What the file holds there; None where it holds nothing."""
    for part in path:
        if not _inside(value, part):
            return None
        value = value[part]
    return value


def _inside(value: Any, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(value, list) and part < len(value)
    return isinstance(value, dict) and part in value

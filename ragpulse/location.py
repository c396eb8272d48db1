"""Where in the cluster file does pydantic mean? Its paths also name kinds of services and members of unions."""

from typing import Any, get_args

from pydantic_core import ErrorDetails

from ragpulse.services import AnyService

Path_ = tuple[str | int, ...]

KINDS = tuple(model.model_fields["kind"].annotation.__args__[0] for model in get_args(get_args(AnyService)[0]))


def in_file(details: ErrorDetails, value: Any) -> Path_:
    """`services.x.vllm.url` → `services.x.url`, `ok_values.0.str` → `ok_values.0`. `value`: what was judged."""
    location = details["loc"]
    if len(location) > 2 and location[0] == "services" and location[2] in KINDS:  # noqa: PLR2004 - place of the kind
        location = location[:2] + location[3:]
    path: list[str | int] = []
    for index, part in enumerate(location):
        inside = _inside(value, part)
        is_missing_key = details["type"] == "missing" and index == len(location) - 1
        if inside or is_missing_key:
            path.append(part)
            value = value[part] if inside else None
    return tuple(path)


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

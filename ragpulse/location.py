"""Where in the cluster file does pydantic mean? Its paths name the kind of a service, which is no key of the file."""

from typing import get_args

from ragpulse.services import AnyService

KINDS = tuple(model.model_fields["kind"].annotation.__args__[0] for model in get_args(get_args(AnyService)[0]))


def in_file(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """`services.x.vllm.url` → `services.x.url`"""
    parts = [part for part in location if part != "[key]"]
    if len(parts) > 2 and parts[0] == "services" and parts[2] in KINDS:  # noqa: PLR2004 - position of the kind
        del parts[2]
    return tuple(parts)

"""docs/cluster.schema.json: the cluster file as a JSON Schema, by which an editor completes and checks it.

It knows names, types, units and defaults; what two parts of a file say against each other it cannot know. Used by
`ragpulse generate` alone: nothing that runs on a node loads it.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ragpulse import model, receiver_values, units
from ragpulse.inventory import Cluster
from ragpulse.key_meanings import meanings
from ragpulse.units import prometheus_duration

_PORT = r"([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"
_BYTE = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
_NEVER = r"\s#<>{}|\\^`\""
_SERVER = rf"^https?://(\[[0-9A-Fa-f:.]+\]|[^/?@:{_NEVER}]+)(:{_PORT})?"
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_TIME = r"([01]\d|2[0-3]):[0-5]\d"
_ADDRESS = (
    rf"^(?!0\.0\.0\.0$)({_BYTE}(\.{_BYTE}){{3}}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%\w+)?|(?![\d.]+$){_LABEL}(\.{_LABEL})*)$"
)


def _text(pattern: str, meaning: str, *examples: str) -> JsonSchemaValue:
    return {"type": "string", "pattern": pattern, "description": meaning, "examples": list(examples)}


def _quantity(allowed: dict[str, float], meaning: str, *examples: str) -> JsonSchemaValue:
    listed = "|".join(allowed)
    return _text(rf"^\s*(?=.*[1-9])\d+(\.\d+)?\s*({listed})\s*$", f"{meaning}: {', '.join(allowed)}", *examples)


_WRITTEN: tuple[tuple[Any, JsonSchemaValue], ...] = (
    (model.Duration, _quantity(units.DURATION_UNITS, "a duration", "10s", "100ms", "31d")),
    (model.Size, _quantity(units.SIZE_UNITS, "a size", "10GiB")),
    (model.BitRate, _quantity(units.BIT_RATE_UNITS, "the speed of a link", "200Gbit/s")),
    (model.TokenRate, _quantity(units.TOKEN_RATE_UNITS, "tokens in a time", "1000 tokens/s")),
    (model.Name, _text(r"^[a-z][a-z0-9_-]{0,62}$", "a name", "sark")),
    (model.Address, _text(_ADDRESS, "an IP address or a host name", "192.0.2.10", "sark.example")),
    (model.Url, _text(rf"{_SERVER}([/?][^{_NEVER}]*)?$", "a URL", "https://192.0.2.10/")),
    (model.BaseUrl, _text(rf"{_SERVER}(/[^?{_NEVER}]*)?$", "a URL", "http://192.0.2.10:8000")),
    (model.FilePath, _text("^/", "the absolute path of a file or folder", "/run/secrets/vllm")),
    (model.HttpPath, _text("^/", "a path of the service", "/health")),
    (model.HeaderName, _text(r"^[!#$%&'*+.^_|~0-9A-Za-z-]+$", "the name of an HTTP header", "Authorization")),
    (receiver_values.MailAddress, _text(r"^[^\s@<>,;\"]+@[0-9A-Za-z.-]+$", "a mail address", "oncall@example.org")),
    (receiver_values.Server, _text(rf"^(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+):{_PORT}$", "a server", "mail.example.org:587")),
    (receiver_values.TimesOfDay, _text(rf"^{_TIME}-{_TIME}$", "from a time of day to another", "22:00-07:00")),
    (model.HeaderPrefix, _text("^[!-~]*$", "one word before the secret, or nothing", "Bearer", "")),
)
# By the function that checks it.
_TYPES = {annotated.__metadata__[0].func: schema for annotated, schema in _WRITTEN}


def _mebibytes(size: float) -> str:
    return f"{size / 1024**2:g}MiB"


def _tokens_per_second(rate: float) -> str:
    return f"{rate:g} tokens/s"


_SPELLINGS: dict[str, Callable[[float], str]] = {
    _TYPES[units.duration]["pattern"]: prometheus_duration,
    _TYPES[units.size]["pattern"]: _mebibytes,
    _TYPES[units.token_rate]["pattern"]: _tokens_per_second,
}


def schema_text() -> str:
    schema = Cluster.model_json_schema(schema_generator=_Schema)
    definitions = schema["$defs"] | {Cluster.__name__: schema}
    for part in _descendants(model.Part):
        if (definition := definitions.get(part.__name__)) is not None:
            del definition["title"]
            definition.pop("description", None)
            for key, meaning in meanings(part).items():
                definition["properties"][key]["description"] = meaning
    head = {"$schema": GenerateJsonSchema.schema_dialect, "title": "Cluster file of ragpulse"}
    return json.dumps({**head, **schema, **head}, indent=2, ensure_ascii=False) + "\n"


def _descendants(part: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for child in part.__subclasses__():
        yield child
        yield from _descendants(child)


class _Schema(GenerateJsonSchema):
    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        known = _TYPES.get(schema["function"]["function"])
        return dict(known) if known else super().function_before_schema(schema)

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        known = _TYPES.get(schema["function"]["function"])
        return dict(known) if known else super().function_after_schema(schema)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Quantities as the file writes them; the defaults of a mapping are those of its own keys."""
        found = super().default_schema(schema)
        default = found.get("default")
        if default is None or isinstance(default, dict):
            found.pop("default", None)
        elif spell := _SPELLINGS.get(str(found.get("pattern"))):
            found["default"] = spell(default)
        return found

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A key that is no name is refused, not merely unknown."""
        found = super().dict_schema(schema)
        for pattern, value in found.pop("patternProperties", {}).items():
            found |= {"propertyNames": {"pattern": pattern}, "additionalProperties": value}
        return found

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the key is title enough
        return False

"""The tables of keys in docs/configuration-documentation.md, below `<!-- keys of NAME -->`, to `<!-- end of keys -->`.

NAME is a definition of the JSON Schema, or `the file`. What a person writes around them stays.
"""

import json
import re
from typing import Any

_TABLE = re.compile(r"(<!-- keys of ([\w ]+) -->\n).*?(<!-- end of keys -->)", re.DOTALL)
_HEAD = "| key | default | meaning |\n|---|---|---|\n"
# Told once for all kinds of service.
_OF_EVERY_SERVICE = ("nodes", "probe_from", "every", "timeout", "depends_on", "tls")


def with_tables(document: str, schema: dict[str, Any]) -> str:
    """Errors: KeyError for a name that the schema does not define."""
    definitions = {**schema["$defs"], "the file": schema}

    def table(found: re.Match[str]) -> str:
        return f"{found[1]}{_HEAD}{_rows(found[2], definitions)}{found[3]}"

    return _TABLE.sub(table, document)


def _rows(name: str, definitions: dict[str, Any]) -> str:
    every_service = name == "every service"
    definition = definitions["Vllm" if every_service else name]
    is_service = "nodes" in definition["properties"] and "kind" in definition["properties"]
    return "".join(
        _row(key, value, is_required=key in definition.get("required", ()))
        for key, value in definition["properties"].items()
        if not is_service or (key in _OF_EVERY_SERVICE) == every_service
    )


def _row(key: str, value: dict[str, Any], *, is_required: bool) -> str:
    default = "required" if is_required else _written(value.get("default"))
    return f"| `{key}` | {default} | {value['description']} |\n"


def _written(default: Any) -> str:
    """As YAML takes it on one line: words without quotes."""
    if default is None or default == []:
        return ""
    text = re.sub(r'"([\w/][^",:{}\[\]]*)"', r"\1", json.dumps(default, ensure_ascii=False))
    return f"`{text}`"

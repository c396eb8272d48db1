"""What each preset fills in, in docs/memory.md between `<!-- presets -->` and `<!-- end of presets -->`.

As a cluster file would say it. What a person writes around it stays.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from ragpulse.memory_presets import COSTS_TOKENS, PRESETS

_BLOCK = re.compile(r"(<!-- presets -->\n).*?(<!-- end of presets -->)", re.DOTALL)


def with_presets(document: str) -> str:
    text = "\n".join(line for preset in PRESETS for line in _said(preset, PRESETS[preset]))
    return _BLOCK.sub(lambda found: f"{found[1]}```yaml\n{text}\n```\n{found[2]}", document)


def _said(preset: str, values: dict[str, Any]) -> Iterator[str]:
    yield f"preset: {preset}{'   # a round trip costs tokens' if preset in COSTS_TOKENS else ''}"
    for key, value in values.items():
        if key == "roundtrip":
            yield "  roundtrip:"
            yield from (f"    {step}: {_flow(asked)}" for step, asked in value.items())
        else:
            yield f"  {key}: {_flow(value)}"


def _flow(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000).strip()

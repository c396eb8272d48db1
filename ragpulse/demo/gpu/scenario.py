"""Scenario files: what NVML answers on one machine. Those that come with ragpulse lie in `scenarios/`.

The format is told in docs/gpu.md. Errors: ScenarioError, one line with the file and what is wrong in it.
"""

import copy
import json
from pathlib import Path
from typing import Any

from ragpulse.errors import RagpulseError

FOLDER = Path(__file__).with_name("scenarios")
ERROR = "NVML_ERROR_"  # an answer that begins so is that error
Scenario = dict[str, Any]
_BY_KEY = ("answers", "fields", "samples", "gpm")


class ScenarioError(RagpulseError):
    pass


def names() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.json"))


def named(name: str) -> Scenario:
    return read(FOLDER / f"{name}.json")


def read(file: Path) -> Scenario:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{file}: cannot be read as a scenario: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("devices"), list):
        raise ScenarioError(f"{file}: is no scenario: it has no list of devices")
    return whole(found, str(file))


def whole(scenario: Scenario, source: str = "scenario") -> Scenario:
    """Nothing left to look up elsewhere: what a file takes from its `base`, and a device from one that it is `like`."""
    result = copy.deepcopy(scenario)
    base = result.pop("base", None)
    if base is not None:
        if base not in names():
            raise ScenarioError(f"{source}: base: there is no scenario {base!r}; there are: {', '.join(names())}")
        model = named(base)
        given = result.pop("devices")
        if len(given) > len(model["devices"]):
            raise ScenarioError(f"{source}: devices: {base} has only {len(model['devices'])}")
        overlaid = [_over(one, two) for one, two in zip(model["devices"], given, strict=False)]
        result = {**model, **result, "devices": overlaid + model["devices"][len(given) :]}
    devices: list[dict[str, Any]] = []
    for index, device in enumerate(result["devices"]):
        like = device.pop("like", None)
        if like is not None and (not isinstance(like, int) or not 0 <= like < index):
            raise ScenarioError(f"{source}: devices[{index}].like: {like!r} is no device before this one")
        devices.append(device if like is None else _over(devices[like], device))
        if "nvmlDeviceGetUUID" not in devices[-1].get("answers", {}):
            raise ScenarioError(f"{source}: devices[{index}].answers: has no nvmlDeviceGetUUID")
    result["devices"] = devices
    return result


def _over(model: dict[str, Any], device: dict[str, Any]) -> dict[str, Any]:
    merged = copy.deepcopy(model)
    for key, value in device.items():
        merged[key] = {**(merged.get(key) or {}), **value} if key in _BY_KEY and value is not None else value
    return merged

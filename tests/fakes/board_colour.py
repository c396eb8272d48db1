"""The colour in which Grafana shows a value: that of its mapping, else of the last threshold that it reaches."""

from collections.abc import Iterator
from typing import Any

from tests.fakes.board_json import Json

NO_DATA = None


def colour(settings: Json, value: float | None) -> str:
    """`settings`: what a field or column has; its base colour is also that of no data."""
    steps = settings["thresholds"]["steps"]
    if value is None:
        return str(steps[0]["color"])
    for mapping in settings.get("mappings", ()):
        found = mapping["options"].get(f"{value:g}")
        if mapping["type"] == "value" and found:
            return str(found["color"])
    reached = [step["color"] for step in steps[1:] if value >= step["value"]]
    return str(reached[-1] if reached else steps[0]["color"])


def judged(panel: Json) -> Iterator[tuple[str, Json, Json]]:
    """(name, query, settings) of each value of the panel that is judged: a column of a table, or the whole panel.

    What has one colour for all values does not judge.
    """
    if panel["type"] in {"stat", "bargauge"} and len(panel["fieldConfig"]["defaults"]["thresholds"]["steps"]) > 1:
        for target in panel["targets"]:
            yield panel["title"], target, panel["fieldConfig"]["defaults"]
    if panel["type"] == "table":
        (organize,) = (each for each in panel["transformations"] if each["id"] == "organize")
        named: dict[str, str] = {title: name for name, title in organize["options"]["renameByName"].items()}
        for override in panel["fieldConfig"]["overrides"]:
            settings: dict[str, Any] = {each["id"]: each["value"] for each in override["properties"]}
            title = override["matcher"]["options"]
            if "thresholds" in settings:
                query = named[title].removeprefix("Value #") if "#" in named[title] else "A"
                (target,) = (each for each in panel["targets"] if each["refId"] == query)
                yield f"{panel['title']}: {title}", target, settings

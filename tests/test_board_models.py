"""Every board through Grafana's own models of boards and panels (grafana-foundation-sdk 0.0.21): what they do not know,
they drop, and Grafana would ignore it without a word.
"""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.links import NAMES
from tests.fakes.board_json import Json, example, panels

register_default_plugins()


def lost(board: Json) -> list[str]:
    """Where what comes out of the models is not what went in."""
    return list(_differences(board, json.loads(JSONEncoder().encode(Dashboard.from_json(deepcopy(board))))))


def _differences(before: Any, after: Any, at: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from _differences(value, after[key], f"{at}.{key}")
            else:
                yield f"{at}.{key}"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for inner, other in zip(before, after, strict=True):
            yield from _differences(inner, other, at)
    elif before != after:
        yield f"{at}: {before!r} becomes {after!r}"


@pytest.mark.parametrize("name", NAMES)
def test_a_board_goes_through_the_models_and_comes_out_unchanged(name: str) -> None:
    assert lost(example()[name]) == []


def stat(board: Json) -> Json:
    return next(panel for panel in panels(board) if panel["type"] == "stat")


@pytest.mark.parametrize(
    ("misspell", "where"),
    [
        (lambda panel: panel.update(titel="x"), ".panels.titel"),
        (lambda panel: panel["options"].update(colourMode="x"), ".panels.options.colourMode"),
        (lambda panel: panel["targets"][0].update(expression="x"), ".panels.targets.expression"),
        (lambda panel: panel["fieldConfig"]["defaults"].update(unitt="s"), ".panels.fieldConfig.defaults.unitt"),
    ],
)
def test_a_misspelt_key_would_be_found(misspell: Callable[[Json], None], where: str) -> None:
    board = deepcopy(example()["overview"])
    misspell(stat(board))
    assert lost(board) == [where]

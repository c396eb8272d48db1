"""From a red verdict to a panel that names what is to blame: at most two clicks along the links of the boards."""

import re
from collections.abc import Iterator

import pytest

from dashboards.links import NAMES
from tests.fakes.board_json import Json, cluster, drawn, example, panels, urls

CLICKS = 2
ALONE = cluster("cluster: c\nnodes: {a: {address: 127.0.0.1}}\n")


def names_something(panel: Json) -> bool:
    """It has a line, a tile or a row for each thing: which one is wrong can be read from it."""
    if panel["type"] == "table":
        return True
    return any("{{" in target.get("legendFormat", "") for target in panel["targets"])


def led_to(boards: dict[str, Json], panel: Json) -> Iterator[Json]:
    """The panels that one click leads to. A whole board is none of them: there one would have to look around."""
    for url in urls(panel["fieldConfig"]):
        if found := re.search(r"/d/ragpulse-(\w+)\?.*viewPanel=(\d+)", url):
            yield next(each for each in panels(boards[found[1]]) if each["id"] == int(found[2]))


def clicks(boards: dict[str, Json], tile: Json) -> int:
    """From a tile to the nearest panel that names something; more than `CLICKS` are not counted."""
    seen = [tile]
    for count in range(CLICKS + 1):
        if any(names_something(panel) for panel in seen):
            return count
        seen = [found for panel in seen for found in led_to(boards, panel)]
    return CLICKS + 1


def tiles(board: Json) -> list[Json]:
    return [panel for panel in board["panels"] if panel["type"] == "stat"]


@pytest.mark.parametrize("name", NAMES)
def test_a_verdict_is_two_clicks_from_what_is_to_blame(name: str) -> None:
    far = {tile["title"]: clicks(example(), tile) for tile in tiles(example()[name])}
    assert far
    assert max(far.values()) <= CLICKS, far


def test_so_it_is_for_a_node_alone() -> None:
    boards = drawn(ALONE)
    for name, board in boards.items():
        far = {tile["title"]: clicks(boards, tile) for tile in tiles(board)}
        assert max(far.values(), default=0) <= CLICKS, (name, far)


def test_a_link_that_leads_in_a_circle_would_be_found() -> None:
    boards = drawn(ALONE)
    tile = tiles(boards["overview"])[0]
    tile["fieldConfig"]["defaults"]["links"] = [{"url": f"/d/ragpulse-overview?x&viewPanel={tile['id']}"}]
    assert clicks(boards, tile) > CLICKS

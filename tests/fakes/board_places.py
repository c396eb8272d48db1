"""Every place of a board that judges, and in which colours it shows what its query gave."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.fakes.board_colour import colour, judged
from tests.fakes.board_json import Json, filled_in, panels

Row = frozenset[tuple[str, str]]  # its labels
Rows = Mapping[Row, str]


@dataclass(frozen=True, slots=True)
class Place:
    """One query that is judged: a tile, a bar, a column of a table, or a strip of states."""

    board: str
    title: str
    expression: str
    settings: Json

    def asked(self, **variables: str) -> str:
        return filled_in(self.expression, **variables)

    def colours(self, found: Iterable[tuple[Row, float]]) -> Rows:
        return {labels: colour(self.settings, value) for labels, value in found}


def places(boards: Mapping[str, Json]) -> Iterator[Place]:
    for board, of in boards.items():
        for panel in panels(of):
            if panel["type"] == "state-timeline":
                for target in panel["targets"]:
                    yield Place(board, panel["title"], target["expr"], panel["fieldConfig"]["defaults"])
            for title, target, settings in judged(panel):
                yield Place(board, title, target["expr"], settings)


def good(rows: Rows) -> set[Row]:
    return {labels for labels, shown in rows.items() if shown == "green"}

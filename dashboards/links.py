"""Ways between boards: the name of each board, the id of each panel, and links that keep what the reader chose.

A panel's id is a checksum of its title, so a link can name a panel of a board that is not built yet, and the link goes
on holding when panels move.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

BoardName = Literal[
    "overview", "objectives", "inference", "machines", "retrieval", "network", "node", "monitoring"
]  # fmt: skip
NAMES: tuple[BoardName, ...] = get_args(BoardName)

# What every board has, and every link takes along.
SHARED_VARIABLES = ("datasource", "cluster", "node")
_MOST = 0x7FFFFFFF  # ids are signed 32 bit in places


def uid(board: BoardName) -> str:
    return f"ragpulse-{board}"


def panel_id(title: str) -> int:
    return zlib.crc32(title.encode()) & _MOST


@dataclass(frozen=True, slots=True)
class Down:
    """Where a click leads: a board, or one panel of it by its title.

    choose: variables of that board that are set to what was clicked, like `{"node": FIELD_NODE}`; the shared ones
    that are not among them go along as they are, and so does the time.
    """

    board: BoardName
    panel: str = ""
    choose: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.board.capitalize()}: {self.panel}" if self.panel else f"Board {self.board.capitalize()}"

    @property
    def url(self) -> str:
        kept = [f"${{{name}:queryparam}}" for name in SHARED_VARIABLES if name not in self.choose]
        chosen = [f"var-{name}={value}" for name, value in self.choose.items()]
        panel = [f"viewPanel={panel_id(self.panel)}"] if self.panel else []
        return f"/d/{uid(self.board)}?{'&'.join([*kept, *chosen, '${__url_time_range}', *panel])}"

    @property
    def plain_url(self) -> str:
        """For where Grafana fills in no variables."""
        return f"/d/{uid(self.board)}"


@dataclass(frozen=True, slots=True)
class Away:
    """To a page that is no board, like a runbook."""

    title: str
    url: str


def label(name: str) -> str:
    """The label of the series that was clicked, on a tile or a line."""
    return f"${{__field.labels.{name}}}"


def cell(column: str) -> str:
    """The value of that column in the row of a table that was clicked."""
    return f'${{__data.fields["{column}"]}}'

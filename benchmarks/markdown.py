"""Markdown tables that can also be read as they stand, and numbers as they stand in them."""

from collections.abc import Iterable, Sequence

Row = tuple[str, ...]


def table(head: Row, rows: Iterable[Row]) -> str:
    """Columns of one width; all but the first to the right."""
    cells = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rule = tuple("-" * (width - 1) + ("-" if column == 0 else ":") for column, width in enumerate(widths))
    return "\n".join(_row(row, widths) for row in (head, rule, *cells[1:]))


def _row(cells: Row, widths: Sequence[int]) -> str:
    padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
    return "| " + " | ".join([cells[0].ljust(widths[0]), *padded[1:]]) + " |"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"


def mebibytes(count: float) -> str:
    return f"{count / 2**20:.1f}"


def percent(share: float) -> str:
    return f"{share * 100:.2f} %"

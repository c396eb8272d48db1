"""The table of names in docs/vllm.md, between `<!-- names -->` and `<!-- end of names -->`: metric × name × version.

What a person writes around it stays. Versions that differ in no name share a column.
"""

import re
from collections.abc import Iterator

from exporters.vllm_names import FAMILIES, VERSIONS, Name, Row
from ragpulse.metric import Metric

_TABLE = re.compile(r"(<!-- names -->\n).*?(<!-- end of names -->)", re.DOTALL)


def with_names(document: str) -> str:
    return _TABLE.sub(lambda found: f"{found[1]}{_table()}{found[2]}", document)


def _table() -> str:
    columns = list(_columns())
    head = ("metric", "vLLM's names", *(group[0] if group[0] == group[-1] else f"{group[0]} …" for group in columns))
    rows = [head, ("---",) * len(head), *(_row(metric, row, columns) for metric, row in FAMILIES.items())]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _columns() -> Iterator[list[str]]:
    """Versions in a row that have the same names."""
    group: list[str] = []
    for version in VERSIONS:
        if group and _all_of(version) != _all_of(group[0]):
            yield group
            group = []
        group.append(version)
    yield group


def _all_of(version: str) -> list[Name]:
    return [name for row in FAMILIES.values() for name in row.names if _has(version, name)]


def _has(version: str, name: Name) -> bool:
    return VERSIONS.index(name.first) <= VERSIONS.index(version) <= VERSIONS.index(name.last)


def _row(metric: Metric, row: Row, columns: list[list[str]]) -> tuple[str, ...]:
    names = [f"{number}: `{name.name}`" for number, name in enumerate(row.names, 1)]
    told = names if len(names) > 1 else [f"`{row.names[0].name}`"]
    if row.value:
        told.append(f"label `{row.value}`")
    if row.only:
        told.append(row.only)
    return (f"`{metric.name}`", ", ".join(told), *(_cell(row, group[0]) for group in columns))


def _cell(row: Row, version: str) -> str:
    """Which name is read, and in brackets one beside it that is not."""
    there = [str(number) for number, name in enumerate(row.names, 1) if _has(version, name)]
    if len(row.names) == 1 or not there:
        return "yes" if there else ""
    return there[0] + "".join(f" ({number})" for number in there[1:])

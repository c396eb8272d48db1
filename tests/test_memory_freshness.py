"""A time that a service tells, however it writes it, against our own."""

from typing import Any

import pytest

from exporters.memory_freshness import distance

NOW = 1_795_355_000.0  # 2026-11-22T13:43:20Z


@pytest.mark.parametrize(
    ("found", "unit", "away"),
    [
        pytest.param(1_795_354_990, "s", 10, id="seconds"),
        pytest.param(1_795_354_990_500, "ms", 9.5, id="milliseconds"),
        pytest.param("2026-11-22T13:43:00Z", "iso", 20, id="ISO in UTC"),
        pytest.param("2026-11-22T14:43:00.5+01:00", "iso", 19.5, id="ISO with an offset"),
        pytest.param("2026-11-22T13:43:00", "iso", 20, id="ISO without a zone"),
        pytest.param("2026-11-22T14:43:20+00:00", "iso", 3600, id="in the future"),
        pytest.param(0, "s", NOW, id="the epoch"),
        pytest.param("1795354990", "s", None, id="digits as a text"),
        pytest.param(1_795_354_990, "iso", None, id="a number where ISO belongs"),
        pytest.param("yesterday", "iso", None, id="a word"),
        pytest.param("9999-12-31T23:59:59-23:59", "iso", pytest.approx(251_606_943_059), id="the end of the calendar"),
        pytest.param(True, "s", None, id="true"),
        pytest.param(None, "ms", None, id="null"),
        pytest.param([1], "s", None, id="a list"),
    ],
)
def test_how_far_it_is_from_now(found: Any, unit: str, away: float | None) -> None:
    assert distance(found, unit, NOW) == away

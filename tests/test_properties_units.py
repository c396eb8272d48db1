"""Quantities: what is written is read again as it was meant, by us and by Prometheus; all else is a ValueError."""

import math
import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ragpulse import units
from tests.fakes.strategies import any_object

Parse = Callable[[object], float]
# Unit → what one of it is in the base unit, written down a second time on purpose.
UNITS: dict[Parse, dict[str, float]] = {
    units.duration: {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800},
    units.size: {
        "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
        "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
    },
    units.bit_rate: {"kbit/s": 125, "Mbit/s": 125_000, "Gbit/s": 125_000_000, "Tbit/s": 125_000_000_000},
    units.token_rate: {"tokens/s": 1, "tokens/min": 1 / 60},
}  # fmt: skip
ALL_UNITS = sorted({unit for known in UNITS.values() for unit in known})
LONGEST = 106751 * 86400  # seconds; Prometheus counts in 64 bits of nanoseconds

each_kind = pytest.mark.parametrize("parse", UNITS, ids=lambda parse: parse.__name__)
whole_milliseconds = st.one_of(
    *(st.integers(1, LONGEST * 1000 // step).map(step.__mul__) for step in (1, 1000, 60_000, 3_600_000, 86_400_000))
)


@each_kind
@given(
    thousandths=st.integers(1, 10**7),
    unit=st.sampled_from(ALL_UNITS),
    spaces=st.sampled_from(("", " ", "\t")),
)
def test_a_number_is_read_with_its_unit_and_refused_with_that_of_something_else(
    parse: Parse, thousandths: int, unit: str, spaces: str
) -> None:
    text = f"{spaces}{thousandths / 1000:.3f}{spaces}{unit}{spaces}"
    if unit in UNITS[parse]:
        assert parse(text) == pytest.approx(thousandths / 1000 * UNITS[parse][unit], rel=1e-12)
    else:
        with pytest.raises(ValueError, match=f"units: {', '.join(UNITS[parse])}"):
            parse(text)


@each_kind
@given(value=any_object | st.from_regex(r"\s*-?[0-9]*\.?[0-9]{0,400}\s*[A-Za-z/]{0,9}\s*", fullmatch=True))
@example("9" * 400 + "s")
@example("1" + "0" * 30 + "w")
@example("0." + "0" * 400 + "1ms")
@example("0B")
def test_whatever_is_written_is_a_positive_amount_or_a_value_error(parse: Parse, value: object) -> None:
    try:
        amount = parse(value)
    except ValueError:
        return
    assert isinstance(value, str)
    assert 0 < amount < math.inf
    assert any(value.rstrip().endswith(unit) for unit in UNITS[parse])


@given(whole_milliseconds)
def test_what_prometheus_is_told_is_exactly_what_was_meant(milliseconds: int) -> None:
    told = units.prometheus_duration(milliseconds / 1000)
    assert re.fullmatch(r"[1-9][0-9]*(ms|s|m|h|d)", told)
    assert round(units.duration(told) * 1000) == milliseconds


@given(st.from_regex(r"[0-9]{1,12}(\.[0-9]{1,4})?(ms|s|m|h|d|w)", fullmatch=True))
@example("9999999999999w")
@example("106752d")
def test_no_duration_that_is_read_is_longer_than_prometheus_can_count(text: str) -> None:
    try:
        seconds = units.duration(text)
    except ValueError:
        return
    assert seconds * 1e9 < 2**63


@given(st.floats(-1e12, 1e12) | st.integers(-(10**7), 10**7))
def test_people_never_read_less_than_nothing_nor_a_unit_of_which_there_is_none(seconds: float) -> None:
    text = units.human_duration(seconds)
    assert text == "0 s" or re.fullmatch(r"[1-9][0-9]* [a-z]+( [1-9][0-9]* [a-z]+)?", text), text
    assert (text == "0 s") == (seconds <= 0.0005)


@given(st.floats(0, 1e9), st.floats(1, 10))
def test_people_read_about_what_it_is_and_never_less_for_more(seconds: float, factor: float) -> None:
    shown = told_to_people(seconds)
    assert abs(shown - seconds) <= max(0.0005, 0.5 if seconds < 120 else 60 if seconds < 86400 else 3600)
    assert told_to_people(seconds * factor) >= shown


def told_to_people(seconds: float) -> float:
    of = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
    return sum(int(amount) * of[unit] for amount, unit in re.findall(r"(\d+) ([a-z]+)", units.human_duration(seconds)))

import pytest

from ragpulse import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("100ms", 0.1), ("10s", 10), ("1.5m", 90), ("24h", 86400), ("31d", 2678400), (" 2 w ", 1209600)],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert units.duration(text) == pytest.approx(seconds)


def test_sizes_and_rates_are_read_in_base_units() -> None:
    assert units.size("10GiB") == 10 * 1024**3
    assert units.size("5kB") == 5000
    assert units.bit_rate("200Gbit/s") == 25e9
    assert units.token_rate("1000 tokens/s") == 1000
    assert units.token_rate("60 tokens/min") == pytest.approx(1)


@pytest.mark.parametrize("value", [5, 5.0, None, "5", "s", "-1s", "1e3s", "0s", "5 parsecs", "1d12h", True])
def test_a_quantity_without_a_known_unit_is_refused_with_the_units_that_are(value: object) -> None:
    with pytest.raises(ValueError, match=r"units: ms, s|more than zero"):
        units.duration(value)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.1, "100 ms"),
        (45, "45 s"),
        (240, "4 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (0, "0 s"),
        (-0.0001, "0 s"),
        (86400, "1 d"),
        (97200, "1 d 3 h"),
    ],
)
def test_people_read_two_units_at_most(seconds: float, text: str) -> None:
    assert units.human_duration(seconds) == text

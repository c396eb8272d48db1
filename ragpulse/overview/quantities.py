"""Values in words, cut and never rounded up: 99.996 % is not 100 %, and 99.899 % does not meet 99.9 %."""

import math

from ragpulse.units import human_duration


def quantity(value: float, unit: str) -> str:
    """`98.3 %` for a ratio, `163 tokens/s` for a rate."""
    if unit == "ratio":
        return f"{_cut(value * 100, 2):g} %"
    # From ten thousand on, five figures are written out; %g would turn to powers of ten.
    return f"{_cut(value, 0 if abs(value) >= 100 else 1):.10g} {unit}"  # noqa: PLR2004 - three figures say enough


def in_window(seconds: float) -> str:
    """`in the last minute`, `in 5 min`."""
    return "in the last minute" if round(seconds) == 60 else f"in {human_duration(seconds)}"  # noqa: PLR2004


def _cut(value: float, digits: int) -> float:
    scale = 10.0**digits
    return math.floor(value * scale + 1e-6) / scale

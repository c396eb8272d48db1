"""What hypothesis draws from: awkward text and numbers, samples of the catalogue, recorded texts with a fault."""

import math
import re
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from ragpulse import catalogue
from ragpulse.metric import LATENCY_EDGES, Metric, Sample

# What text formats, terminals and parsers stumble over.
AWKWARD_TEXTS = (
    "", " ", "\n", "\r", "\r\n", "\0", "\\", "\\n", '"', '\\"', '"} 1\n', "{", "}", ",", "#", "a b", "\t", "\x1b[31m",
    "\x85", "\u2028", "\u2029", "\ufeff", "\ufffd", "\uffff", "\U0010ffff", "\ud800", "\udce9", "?", "\\udce9",
    "e\u0301", "\u202e", "NaN", "le", "=", "'", "x" * 10_000, '\\"' * 500,
)  # fmt: skip
AWKWARD_NUMBERS = (
    0.0, -0.0, 1.0, -1.0, 0.1, 1e6, 1e7, 1234567.5, 1e16, 1e22, 2.0**53, 5e-324, 2.2250738585072014e-308,
    1.7976931348623157e308, math.inf, -math.inf, math.nan, 2**53 + 1, 10**30, True,
)  # fmt: skip

any_text = st.text(st.characters(), max_size=40) | st.sampled_from(AWKWARD_TEXTS)
any_number: st.SearchStrategy[float] = (
    st.sampled_from(AWKWARD_NUMBERS) | st.floats() | st.integers(-(10**40), 10**40) | st.floats(-1e9, 1e9)
)
any_object: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), any_text, st.binary(max_size=20),
    st.lists(st.integers(), max_size=3), st.dictionaries(any_text, st.integers(), max_size=3), st.tuples(any_text),
    st.complex_numbers(), st.just(object()), st.just(str),
)  # fmt: skip
latencies = st.sampled_from(LATENCY_EDGES) | st.floats(0, 100)


@st.composite
def samples(draw: st.DrawFn, metrics: tuple[Metric, ...] = catalogue.ALL) -> list[Sample]:
    """One sample of a gauge or counter, or all of a histogram."""
    metric = draw(st.sampled_from(metrics))
    labels = {name: draw(any_text) for name in metric.labels}
    if metric.kind != "histogram":
        return [metric(draw(any_number), **labels)]
    edges = draw(st.lists(st.floats(allow_nan=False, allow_infinity=False), unique=True, max_size=5).map(sorted))
    growth = draw(st.lists(st.integers(0, 10**9), min_size=len(edges) + 1, max_size=len(edges) + 1))
    counts = [float(sum(growth[: index + 1])) for index in range(len(growth))]
    return list(metric.buckets(zip([*edges, math.inf], counts, strict=True), draw(any_number), **labels))


@st.composite
def line_mutants(draw: st.DrawFn, text: str) -> str:
    """`text` with whole lines lost, said twice, or in another order."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 4))):
        here, there = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(("delete", "repeat", "swap"))):
            case "delete" if len(lines) > 1:
                del lines[here]
            case "repeat":
                lines.insert(there, lines[here])
            case _:
                lines[here], lines[there] = lines[there], lines[here]
    return "\n".join(lines)


@st.composite
def mutants(draw: st.DrawFn, text: str) -> str:
    """`text` with lines moved, words replaced by numbers, and characters lost, changed or put between."""
    if draw(st.booleans()):
        text = draw(line_mutants(text))
    for _ in range(draw(st.integers(0, 3))):
        words = re.split("([ \n])", text)
        words[2 * draw(st.integers(0, len(words) // 2))] = draw(st.sampled_from(_NUMBERS))
        text = "".join(words)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.just("") | any_text) + text[at + draw(st.sampled_from((0, 1, 1, 2, 40))) :]
    return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 9)) == 0 else text


_NUMBERS = ("-1", "NaN", "+Inf", "-Inf", "1e400", "9" * 400, "9" * 5000, "0x10", "1_000", " 5", "-0", "\u0661")


def tries(share: float) -> settings:
    """For a test whose cases cost more (or less) than most: a share of the cases of the profile in use."""
    return settings(max_examples=max(1, round(settings().max_examples * share)))

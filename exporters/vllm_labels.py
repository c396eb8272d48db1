"""Whose is a series, by the labels of its line? Parsed by the official library, and kept: most lines have the labels of
another line, and all have them again at the next poll.

Errors: those of the library (ValueError, LookupError, ArithmeticError) for what are no labels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample as Line

from exporters.vllm_names import ENGINE_LABEL, MODEL_LABEL, PROCESS_LABELS

_KEPT = 4096  # sets of labels, as 45 engines have them
_LONGEST_KEPT = 1024  # characters; those of Ray have 430


@dataclass(frozen=True, slots=True)
class Labels:
    """`engine`: None when the line does not say. `process`: of Ray, as it is added to the engine."""

    said: Mapping[str, str]
    model: str
    engine: str | None
    process: str


def of_line(line: str) -> tuple[Labels, float]:
    """Labels and value of a whole line, whatever else stands in it."""
    sample = _sample(line)
    return _labels(sample.labels), float(sample.value)


def of_block(block: str) -> Labels:
    """Labels by what stands between the braces."""
    return _kept(block) if len(block) <= _LONGEST_KEPT else _parsed(block)


def _parsed(block: str) -> Labels:
    sample = _sample(f"x{{{block}}} 0")
    if sample.value or sample.timestamp is not None:
        raise ValueError("a brace that closes the labels stands before their end")
    return _labels(sample.labels)


_kept = lru_cache(maxsize=_KEPT)(_parsed)


def _sample(line: str) -> Line:
    (family,) = text_string_to_metric_families(line)
    (sample,) = family.samples
    return sample


def _labels(said: Mapping[str, str]) -> Labels:
    process = next((name for label in PROCESS_LABELS if (name := said.get(label))), "")
    return Labels(said, said.get(MODEL_LABEL, ""), said.get(ENGINE_LABEL), f"@{process}" if process else "")

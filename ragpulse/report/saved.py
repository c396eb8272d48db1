"""A measured window as a value, and as a file that is kept: a baseline. Its shape is told in docs/baseline.md.

Errors: ConfigError for a file that is no saved report, with each mistake's key and the mend; OSError of the system.
"""

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ragpulse import atomic
from ragpulse.errors import ConfigError, Problem
from ragpulse.report.kinds import KindName
from ragpulse.report.window import Window

FORMAT, VERSION = "ragpulse-report", 1
LATEST = 1e11  # Unix time; a calendar ends soon after
_MOST_BYTES = 256 * 1024**2
_MOST_PROBLEMS = 5
_MEND = "name a file that ragpulse report --save wrote, or save one anew"


def _printable(text: str) -> str:
    """It is shown in a terminal, which obeys what is not."""
    if not text.isprintable():
        raise ValueError("holds characters that cannot be printed")
    return text


Amount = Annotated[float, Field(ge=0, le=1e18)]
Name = Annotated[str, Field(max_length=1024), AfterValidator(_printable)]


class _Saved(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Quantile(_Saved):
    value: Amount
    at_least: Amount
    at_most: Amount | None


class Steps(_Saved):
    """What one node measured, a number for each step of the window."""

    amount: tuple[Amount, ...]
    of: tuple[Amount, ...]


Key = tuple[str, str, KindName]


class Measured(_Saved):
    """subject: a service, for GPUs a node. value: all of `amount` over all of `of`. buckets: (upper edge, events at or
    below it), None for the last edge, events of all nodes; only of latencies.
    """

    kind: KindName
    subject: Name
    check: Name
    value: Amount | None
    amount: Amount
    of: Amount
    quantiles: dict[Literal["p50", "p95", "p99"], Quantile]
    buckets: tuple[tuple[Amount | None, Amount], ...]
    nodes: dict[Name, Steps]

    @property
    def key(self) -> Key:
        return self.subject, self.check, self.kind


class Report(_Saved):
    """step: seconds between two numbers of a node."""

    format: Literal["ragpulse-report"] = "ragpulse-report"
    version: Literal[1] = 1
    ragpulse: Name
    cluster: Name
    start: float
    end: Annotated[float, Field(ge=0, le=LATEST)]
    step: Annotated[float, Field(gt=0, le=1e6)]
    steps: Annotated[int, Field(gt=0, le=11_000)]
    measured: tuple[Measured, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for one in self.measured:
            for node, steps in one.nodes.items():
                if not len(steps.amount) == len(steps.of) == self.steps:
                    raise ValueError(f"{' '.join(one.key)} from {node} has not one number for each of the steps")
        return self

    @property
    def window(self) -> Window:
        return Window(self.end, self.step, self.steps)


class _Head(BaseModel):
    format: str
    version: int


def save(report: Report, file: Path) -> None:
    # One line for each thing measured: a file of this size that people can still read and compare.
    parts = {name: json.dumps(value) for name, value in report.model_dump(exclude={"measured"}).items()}
    lines = [f"  {json.dumps(name)}: {value}," for name, value in parts.items()]
    rows = ",\n".join(f"    {json.dumps(one.model_dump(), separators=(',', ':'))}" for one in report.measured)
    atomic.write(file, "\n".join(["{", *lines, '  "measured": [', rows, "  ]", "}", ""]))


def load(file: Path) -> Report:
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _no_report(file, f"{error.strerror}: {_MEND}") from error
    if len(text) > _MOST_BYTES:
        raise _no_report(file, f"is larger than any saved report: {_MEND}")
    try:
        head = _Head.model_validate_json(text)
        if head.format == FORMAT and head.version > VERSION:
            raise _no_report(file, f"is of format version {head.version}, this ragpulse reads {VERSION}: update it")
        return Report.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise _not_of_this_form(file, error) from error


def _no_report(file: Path, text: str) -> ConfigError:
    return ConfigError(str(file), [Problem("", text)])


def _not_of_this_form(file: Path, error: ValidationError) -> ConfigError:
    found = error.errors(include_url=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return _no_report(file, f"is not JSON ({found[0]['ctx']['error']}): {_MEND}")
    problems = [
        Problem(".".join(map(str, each["loc"])), each["msg"].removeprefix("Value error, ")) for each in found
    ][:_MOST_PROBLEMS]  # fmt: skip
    return ConfigError(str(file), [*problems, Problem("", f"is no saved report: {_MEND}")])

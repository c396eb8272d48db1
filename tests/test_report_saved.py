"""A baseline as a file: what is read is what was written, and what is none is refused with the mend."""

import json
from pathlib import Path
from typing import Any

import pytest

from ragpulse.errors import ConfigError
from ragpulse.report.saved import Quantile, Report, load, save
from tests.fakes.reports import of, probes, report

WHOLE = report(
    of({"a": probes([0.01, 0.02, 0.03]), "b": probes([0.02, 0.0, 0.5])}).model_copy(
        update={
            "quantiles": {"p50": Quantile(value=0.02, at_least=0.01, at_most=0.025)},
            "buckets": ((0.01, 2.0), (None, 6.0)),
        }
    ),
    of({"a": probes([1, 1, 1])}, kind="answered"),
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save(WHOLE, tmp_path / "baseline.json")
    return tmp_path / "baseline.json"


def test_what_is_read_is_what_was_written(saved: Path) -> None:
    assert load(saved) == WHOLE


def test_each_thing_measured_stands_in_a_line_of_its_own(saved: Path) -> None:
    lines = saved.read_text().splitlines()
    assert sum('"kind":' in line for line in lines) == 2


def changed(key: str, value: Any) -> str:
    """The whole report with something else at a place like `measured.0.kind`."""
    document = json.loads(WHOLE.model_dump_json())
    *path, last = key.split(".")
    place = document
    for part in path:
        place = place[int(part) if part.isdecimal() else part]
    place[last if not isinstance(place, list) else int(last)] = value
    return json.dumps(document)


MEND = "name a file that ragpulse report --save wrote, or save one anew"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", f"is not JSON (EOF while parsing a value at line 1 column 0): {MEND}"),
        ("cluster: home\n", f"is not JSON (expected value at line 1 column 1): {MEND}"),
        ("[" * 100_000, "is not JSON (recursion limit exceeded at line 1 column 20"),
        ("[]", f"is no saved report: {MEND}"),
        ('{"format": "other", "version": 1}', "format: Input should be 'ragpulse-report'"),
        ("{}", "format: Field required"),
        (changed("version", 2), "is of format version 2, this ragpulse reads 1: update it"),
        (changed("version", 0), "version: Input should be 1"),
        (changed("measured.0.kind", "speed"), "measured.0.kind: Input should be 'latency'"),
        (changed("measured.0.nodes.a.amount.1", -1), "measured.0.nodes.a.amount.1: Input should be greater than"),
        (changed("measured.0.nodes.a.amount.1", "1"), "measured.0.nodes.a.amount.1: Input should be a valid number"),
        (changed("measured.0.nodes.a.of", [1, 1]), "chroma query latency from a has not one number for each of the"),
        (changed("end", 1e300), "end: Input should be less than"),
        (changed("step", 0), "step: Input should be greater than 0"),
        (changed("steps", 0), "steps: Input should be greater than 0"),
        (changed("measured.0.subject", "\x1b[2J"), "measured.0.subject: holds characters that cannot be printed"),
        (changed("another", 0), "another: Extra inputs are not permitted"),
        (changed("end", float("nan")), "end: Input should be a finite number"),
    ],
)
def test_what_is_no_saved_report_is_refused_with_its_key(saved: Path, text: str, line: str) -> None:
    saved.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(saved)
    assert f"{saved}: {line}" in str(caught.value)
    assert caught.value.exit_code == 2
    assert len(str(caught.value).splitlines()) <= 6


def test_of_thousands_of_mistakes_the_first_are_told(saved: Path) -> None:
    saved.write_text(changed("measured", [{}] * 1000))
    with pytest.raises(ConfigError) as caught:
        load(saved)
    assert len(str(caught.value).splitlines()) == 6


def test_bytes_that_are_no_text_and_files_that_are_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe{")
    for name, text in (("bytes", "is not JSON"), ("none", "No such file or directory"), (".", "Is a directory")):
        with pytest.raises(ConfigError, match=text):
            load(tmp_path / name)


def test_a_saved_report_has_the_documented_shape(saved: Path) -> None:
    """The example in docs/baseline.md is a report, and every key of a report is in it."""
    text = (Path(__file__).parent.parent / "docs" / "baseline.md").read_text()
    example = text.split("```json\n")[1].split("```")[0]
    documented = Report.model_validate_json(example)
    assert json.loads(documented.model_dump_json()).keys() == json.loads(saved.read_text()).keys()
    assert documented.measured[0].quantiles.keys() == {"p50", "p95", "p99"}

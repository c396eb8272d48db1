"""From a file to a `Cluster`, or to all of its mistakes at once with file, line, key and mend."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic_core import ErrorDetails

from ragpulse import yaml_file
from ragpulse.errors import ConfigError, Problem
from ragpulse.inventory import Cluster
from ragpulse.location import Path_, in_file
from ragpulse.mistake import Mistake
from ragpulse.mistake_words import words
from ragpulse.readable_part import readable_part


def load(file: Path) -> Cluster:
    """Errors: ConfigError with every problem of the file."""
    return parse(yaml_file.read(file), str(file))


def parse(document: yaml_file.Document, name: str) -> Cluster:
    if not isinstance(document.value, dict):
        what = "is empty" if document.value is None else "is not a cluster file"
        raise ConfigError(name, [Problem("", f"{what}: it must be a mapping with the keys cluster and nodes")])
    part, errors = readable_part(document.value)
    problems = [*document.problems, *_problems(errors, document)]
    if part is not None:
        found = part.contradictions()
        problems += [Problem(yaml_file.key_path(path), text, document.line(path)) for path, text, _ in found]
    if problems or part is None:
        raise ConfigError(name, problems)
    return part.cluster


def _problems(errors: Iterable[ErrorDetails], document: yaml_file.Document) -> Iterator[Problem]:
    """One for each place that holds something else than it should; what was told of the text itself is not repeated."""
    places: dict[Path_, list[ErrorDetails]] = {}
    for details in errors:
        if details["type"] == "too_short" and details["input"]:
            continue  # it is only too short without its items that are told of
        places.setdefault(in_file(details, document.value), []).append(details)
    told = {problem.key for problem in document.problems}
    for path, found in places.items():
        if (key := yaml_file.key_path(path)) not in told:
            yield Problem(key, words([Mistake(details, path, document) for details in found]), document.line(path))
    for path, doubt in document.doubts.items():
        if path not in places:
            yield Problem(yaml_file.key_path(path), doubt, document.line(path))

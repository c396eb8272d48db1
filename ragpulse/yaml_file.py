"""YAML as plain Python values together with the line of every key, so that a mistake can be pointed at.

Duplicate keys are problems (PyYAML itself keeps the last one silently). Errors: ConfigError for what is no YAML.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ragpulse.errors import ConfigError, Problem

Path_ = tuple[str | int, ...]

# Aliases may repeat a part of a file; a file that grows beyond this by repetition is hostile.
_MAX_VALUES = 200_000


@dataclass(slots=True)
class Document:
    """`lines` maps the path of each value (`("services", "chroma", "url")`) to its line, counted from 1.

    `problems`: what is wrong although it could be read (a key that stands twice), to be told with what else is found.
    """

    value: Any
    lines: dict[Path_, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def line(self, path: Path_) -> int | None:
        """The line of the value, or of the nearest thing around it that the file does hold."""
        for end in range(len(path), -1, -1):
            if (found := self.lines.get(path[:end])) is not None:
                return found
        return None


def key_path(path: Path_) -> str:
    """`services.vllm.nodes[0]`"""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read(file: Path) -> Document:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(str(file), [Problem("", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(file), [Problem("", f"is not UTF-8 text (byte {error.start})")]) from error
    return parse(text, str(file))


def parse(text: str, name: str) -> Document:
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        walk = _Walk(loader)
        value = walk.value(root, ()) if root is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ConfigError(name, [Problem("", f"is not YAML: {error.problem}", line)]) from error
    except yaml.YAMLError as error:
        raise ConfigError(name, [Problem("", f"is not YAML: {error}".replace("\n", " "))]) from error
    except RecursionError as error:
        raise ConfigError(name, [Problem("", "is nested too deeply")]) from error
    finally:
        loader.dispose()
    return Document(value, walk.lines, tuple(walk.problems))


class _Walk:
    def __init__(self, loader: yaml.SafeLoader) -> None:
        self.loader = loader
        self.lines: dict[Path_, int] = {}
        self.problems: list[Problem] = []
        self.count = 0
        self.flattened: set[int] = set()

    def value(self, node: yaml.Node, path: Path_) -> Any:
        self.count += 1
        if self.count > _MAX_VALUES:
            raise yaml.YAMLError("aliases repeat too much of the file")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        try:
            return self.loader.construct_object(node, deep=True)
        except (ValueError, TypeError) as error:
            # A scalar that YAML takes for a date or a number and cannot make one of.
            self.problems.append(Problem(key_path(path), f"{node.value!r}: {error}", node.start_mark.line + 1))
            return None

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        if id(node) not in self.flattened:
            # Once for each mapping: merging changes it in place, and an alias brings it here again.
            self.flattened.add(id(node))
            self._refuse_duplicates(node, path)
            self.loader.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            self.lines[*path, key] = key_node.start_mark.line + 1
            result[key] = self.value(value_node, (*path, key))
        return result

    def _refuse_duplicates(self, node: yaml.MappingNode, path: Path_) -> None:
        first_line: dict[str, int] = {}
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                line = key_node.start_mark.line + 1
                self.problems.append(Problem(key_path(path), "a key must be one word", line))
                continue
            line = key_node.start_mark.line + 1
            key = key_node.value
            if key in first_line and key != "<<":
                text = f"stands twice (first on line {first_line[key]}); keep one"
                self.problems.append(Problem(key_path((*path, key)), text, line))
            first_line.setdefault(key, line)

"""YAML as plain Python values together with the line of every key, so that a mistake can be pointed at.

Read as YAML 1.1, like PyYAML and most tools do; what that makes of a word or number without quotes is kept beside it
(`off` is false, `1:30` is 90, `022` is 18), because nobody means it. Duplicate keys are problems: PyYAML itself keeps
the last one silently. Errors: ConfigError for what is no YAML.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ragpulse.errors import ConfigError, Problem
from ragpulse.yaml_words import in_our_words

Path_ = tuple[str | int, ...]

# A cluster of 500 nodes and 50 services is a tenth of it.
_MAX_BYTES = 1024 * 1024
# Aliases may repeat a part of a file; a file that grows beyond this by repetition is hostile.
_MAX_VALUES = 200_000
_SIXTIES = re.compile(r"[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?")
_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_MAX_BITS = 128


@dataclass(slots=True)
class Document:
    """`lines` maps the path of each value (`("services", "chroma", "url")`) to its line, counted from 1.

    `written`: what stands in the file where YAML made something else than text of it. `doubts`: numbers that YAML
    reads otherwise than people do, to be told where nothing else is wrong with them. `problems`: what is wrong although
    it could be read (a key that stands twice), to be told with what else is found.
    """

    value: Any
    lines: dict[Path_, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    written: dict[Path_, str] = field(default_factory=dict)
    doubts: dict[Path_, str] = field(default_factory=dict)

    def line(self, path: Path_) -> int | None:
        """The line of the value, or of the nearest thing around it that the file does hold."""
        for end in range(len(path), -1, -1):
            if (found := self.lines.get(path[:end])) is not None:
                return found
        return None


def key_path(path: Path_) -> str:
    """`services.vllm.nodes[0]`; a key of no letters is `''`."""
    text = ""
    for part in path:
        shown = f"[{part}]" if isinstance(part, int) else part or "''"
        text += f".{shown}" if text and not isinstance(part, int) else shown
    return text


def read(file: Path) -> Document:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(str(file), [Problem("", f"cannot be read: {error.strerror}")]) from error
    if len(content) > _MAX_BYTES:
        raise ConfigError(str(file), [Problem("", "is larger than 1 MiB, which no cluster file is")])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"is not UTF-8 text: byte 0x{content[error.start]:02x} cannot stand here; save the file as UTF-8"
        raise ConfigError(str(file), [Problem("", found, line)]) from error
    return parse(text, str(file))


def parse(text: str, name: str) -> Document:
    try:
        loader = yaml.SafeLoader(text)
    except yaml.YAMLError as error:
        raise ConfigError(name, [in_our_words(error, text)]) from error
    try:
        root = loader.get_single_node()
        walk = _Walk(loader)
        value = walk.value(root, ()) if root is not None else None
    except yaml.YAMLError as error:
        raise ConfigError(name, [in_our_words(error, text)]) from error
    except RecursionError as error:
        raise ConfigError(name, [Problem("", "is nested too deeply")]) from error
    finally:
        loader.dispose()
    return Document(value, walk.lines, tuple(walk.problems), walk.written, walk.doubts)


class _Walk:
    def __init__(self, loader: yaml.SafeLoader) -> None:
        self.loader = loader
        self.lines: dict[Path_, int] = {}
        self.problems: list[Problem] = []
        self.written: dict[Path_, str] = {}
        self.doubts: dict[Path_, str] = {}
        self.count = 0
        self.twice: dict[int, set[str]] = {}  # by mapping, once it was looked at
        self.open: set[int] = set()

    def value(self, node: yaml.Node, path: Path_) -> Any:
        self.count += 1
        if self.count > _MAX_VALUES:
            raise yaml.YAMLError("aliases repeat too much of the file; write it out")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self.open:
            raise yaml.MarkedYAMLError(problem="this holds an alias of itself", problem_mark=node.start_mark)
        self.open.add(id(node))
        found = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._list(node, path)
        self.open.remove(id(node))
        return found

    def _scalar(self, node: yaml.Node, path: Path_) -> Any:
        try:
            value = self.loader.construct_object(node, deep=True)
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            # A scalar that YAML takes for a date or a number and cannot make one of.
            text = f"{node.value} is a date or a number to YAML, but none that there is ({error}); put text into quotes"
            self.problems.append(Problem(key_path(path), text, node.start_mark.line + 1))
            return None
        if isinstance(value, int) and value.bit_length() > _MAX_BITS:
            # Python itself refuses to write such a number, in the middle of telling what is wrong with it.
            self.problems.append(Problem(key_path(path), "is beyond all measure", node.start_mark.line + 1))
            return None
        if not isinstance(value, str):
            self.written[path] = node.value
            if _SIXTIES.fullmatch(node.value) or (isinstance(value, int) and _OCTAL.fullmatch(node.value)):
                how = "counts it in sixties" if ":" in node.value else "takes a leading zero for octal"
                self.doubts[path] = (
                    f"{node.value} is {value} to YAML, which {how}; write the number that is meant, or put text into"
                    " quotes"
                )
        return value

    def _list(self, node: yaml.Node, path: Path_) -> list[Any]:
        return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        if id(node) not in self.twice:
            # Once for each mapping: merging changes it in place, and an alias brings it here again.
            self.twice[id(node)] = self._refuse_duplicates(node, path)
            self.loader.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                continue  # told of already
            key = str(key_node.value)
            self.lines[*path, key] = key_node.start_mark.line + 1
            value, before = self.value(value_node, (*path, key)), result.get(key)
            if key in self.twice[id(node)] and isinstance(before, dict) and isinstance(value, dict):
                # Refused all the same; but what refers to the first one is no mistake.
                value = {**before, **value}
            result[key] = value
        return result

    def _refuse_duplicates(self, node: yaml.MappingNode, path: Path_) -> set[str]:
        """The keys that stand twice."""
        twice: set[str] = set()
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
                twice.add(key)
            first_line.setdefault(key, line)
        return twice

"""What PyYAML complains of, said as a mistake in the file and its mend, with its line."""

import re

import yaml
from yaml.reader import ReaderError

from ragpulse.errors import Problem

# What PyYAML says → what it means to who wrote the file.
_WORDS = (
    (r"found character '\\t'.*", "a tab stands where YAML wants blanks; indent with blanks"),
    (r"found character '(.)' that cannot start any token", r"nothing begins with \1 in YAML; put the text into quotes"),
    (
        r"mapping values are not allowed here",
        "a second `: ` on one line, or a line not indented like its neighbours; put text that holds `: ` into quotes",
    ),
    (r"but found another document", "a second document begins here (`---`); a cluster file is one"),
    (r"found undefined alias '(.*)'", r"*\1 refers to nothing; its anchor &\1 must stand above it"),
    (r"could not determine a constructor for the tag '(.*)'", r"the tag \1 means nothing here; leave it out"),
    (r"found unexpected end of stream", "a quote is opened here and never closed"),
    (r"expected <block end>, but found .*", "this line is not indented like its neighbours"),
    (r"expected ',' or '(.)', but got .*", r"a comma or the closing \1 is missing before this"),
    (r"expected the node content, but found '<stream end>'", "the file ends where a value or a closing ] must stand"),
)


def in_our_words(error: yaml.YAMLError, text: str) -> Problem:
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        character = error.character if isinstance(error.character, int) else ord(error.character)
        return Problem("", f"is not YAML: character 0x{character:02x} must not stand in a text; remove it", line)
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem("", str(error))
    said = error.problem or "it cannot be read"
    # Of a quote the end of the file is where it is missed, and its beginning where it is mended.
    mark = error.context_mark if said == "found unexpected end of stream" else error.problem_mark
    return Problem("", f"is not YAML: {_translated(said)}", mark.line + 1 if mark else None)


def _translated(said: str) -> str:
    for pattern, words in _WORDS:
        if found := re.fullmatch(pattern, said):
            return found.expand(words)
    return said

"""Runbooks as pages: which alerts have one, and its Markdown as HTML.

What a runbook needs and no more: headings, paragraphs, lists, fenced or piped blocks, `code`, **strong** and links to
web pages or to other runbooks. A fence may be indented, as it is under the item of a list; the list counts on after it.
Everything is escaped; whatever else stands in the file is shown as it is written.
"""

import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

from markupsafe import Markup, escape

_NAME = re.compile(r"[A-Za-z]+")
_LINK = re.compile(r"(`[^`]+`)|\*\*(.+?)\*\*|\[([^\]]+)\]\((https?://[^\s)]+|[A-Za-z]+\.md)\)")
_HEADING = re.compile(r"(#{1,4}) +(.+)")
_ITEM = re.compile(r"(?:[-*]|(\d+)\.) +(.*)")
_EXPLAINS_THE_OTHERS = "README"


def folder() -> Path:
    """In the wheel they lie beside this file, in a checkout among the documents."""
    packaged = Path(__file__).parent / "runbooks"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "docs" / "runbooks"


def names(where: Path) -> frozenset[str]:
    return frozenset(path.stem for path in where.glob("*.md") if _can_be_an_alert(path.stem))


def read(where: Path, name: str) -> str | None:
    """None for a name that no alert can have, or that has no page."""
    if not _can_be_an_alert(name):
        return None
    try:
        return (where / f"{name}.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _can_be_an_alert(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name != _EXPLAINS_THE_OTHERS


def html(text: str) -> Markup:
    return Markup("\n").join(_blocks(text.splitlines()))


def _blocks(lines: list[str]) -> Iterator[Markup]:
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if _is_fence(line):
            block = _until(lines, index, _is_fence)
            index += len(block) + 1
            yield _preformatted(block)
        elif line.startswith("|"):
            block = [line, *_until(lines, index, lambda each: not each.startswith("|"))]
            index += len(block) - 1
            yield _preformatted(block)
        elif heading := _HEADING.fullmatch(line):
            level = len(heading[1])
            yield Markup("<h{}>{}</h{}>").format(level, _inline(heading[2]), level)
        elif _ITEM.match(line):
            block = [line, *_until(lines, index, lambda each: not each.strip() or _is_fence(each))]
            index += len(block) - 1
            yield _list(block)
        elif line.strip():
            block = [line, *_until(lines, index, _ends_paragraph)]
            index += len(block) - 1
            yield Markup("<p>{}</p>").format(_inline(" ".join(block)))


def _until(lines: list[str], start: int, ends: Callable[[str], bool]) -> list[str]:
    for index in range(start, len(lines)):
        if ends(lines[index]):
            return lines[start:index]
    return lines[start:]


def _is_fence(line: str) -> bool:
    return line.lstrip().startswith("```")


def _ends_paragraph(line: str) -> bool:
    return not line.strip() or _is_fence(line) or line.startswith(("|", "#")) or bool(_ITEM.match(line))


def _list(lines: list[str]) -> Markup:
    items: list[str] = []
    numbers: list[str | None] = []
    for line in lines:
        if item := _ITEM.match(line):
            numbers.append(item[1])
            items.append(item[2])
        else:
            items[-1] += f" {line.strip()}"
    body = Markup("").join(Markup("<li>{}</li>").format(_inline(item)) for item in items)
    if numbers[0] is None:
        return Markup("<ul>{}</ul>").format(body)
    return Markup('<ol start="{}">{}</ol>').format(int(numbers[0]), body)


def _preformatted(lines: list[str]) -> Markup:
    return Markup('<pre tabindex="0">{}</pre>').format(textwrap.dedent("\n".join(lines)))


def _inline(text: str) -> Markup:
    parts: list[Markup] = []
    end = 0
    for match in _LINK.finditer(text):
        parts.append(escape(text[end : match.start()]))
        end = match.end()
        code, strong, label, target = match.groups()
        if code:
            parts.append(Markup("<code>{}</code>").format(code[1:-1]))
        elif strong:
            parts.append(Markup("<strong>{}</strong>").format(_inline(strong)))
        else:
            where = target if "://" in target else f"/runbooks/{target.removesuffix('.md')}"
            parts.append(Markup('<a href="{}">{}</a>').format(where, label))
    return Markup("").join([*parts, escape(text[end:])])

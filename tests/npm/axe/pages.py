"""`python tests/npm/axe/pages.py FOLDER AXE.js`: the Overview page of a mixed day and a runbook, each light and dark,
wide and on a phone, with axe-core inside, whose findings `axe.js` writes where `--dump-dom` shows them. Prints their
names and widths.

Chromium has no switch for the dark colours: the page is told that what it has for a dark screen is for every screen.
Its window is never as narrow as a phone, so that each page stands in a frame of its width. The policy that forbids
scripts is a header of our server, so that a page opened as a file may run this one.
"""

import sys
from collections.abc import Iterator
from datetime import UTC
from html import escape
from pathlib import Path

from ragpulse.overview import runbooks
from ragpulse.overview.page import Pages
from tests.fakes.mixed_cluster import mixed
from tests.fakes.overview_of import overview_of

DARK = "@media (prefers-color-scheme: dark)"
RUNBOOK = "ServiceNotReady"
WIDE, PHONE = 1280, 390  # pixels
FRAME = """\
<!doctype html>
<html lang="en"><title>{name}</title>
<iframe title="{name}" width="{width}" height="1500" srcdoc="{page}"></iframe></html>
"""


def main(folder: Path, axe: Path) -> None:
    scripts = axe.read_text() + "\n" + (Path(__file__).parent / "axe.js").read_text()
    for name, html in _pages():
        if DARK not in html or 'http-equiv="refresh"' in html:
            raise ValueError(f"{name}: it has no dark colours, or loads itself anew")
        for scheme, medium in (("light", "not all"), ("dark", "all")):
            page = html.replace(DARK, f"@media {medium}").replace("</body>", f"<script>{scripts}</script></body>")
            for width in (WIDE, PHONE):
                framed = FRAME.format(name=name, width=width, page=escape(page))
                (folder / f"{name}-{scheme}-{width}.html").write_text(framed)
                print(f"{name}-{scheme}", width)


def _pages() -> Iterator[tuple[str, str]]:
    pages = Pages(note="A demo: both agents read one machine.", zone=UTC)
    yield "overview", pages.overview(overview_of(mixed()), refreshing=False)
    text = runbooks.read(runbooks.folder(), RUNBOOK)
    if text is None:
        raise ValueError(f"there is no runbook {RUNBOOK}")
    yield "runbook", pages.runbook(RUNBOOK, runbooks.html(text))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""`python tests/npm/pictures/sheets.py FOLDER`: each board over the week of a well and of a broken cluster, as a page
`FOLDER/<board>-<world>.html` that `page.js` beside it draws. Prints a line for each: its name and its size in pixels.

Every query is asked as Grafana asks it: of now, or over the six hours that a board shows first. The hour is always the
same one, so that the same boards give the same pictures.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.fakes.board_json import EXAMPLE, filled_in
from tests.fakes.worlds import FINE, World, world

BOARDS = Path(__file__).parents[3] / "dashboards" / "generated"
END = 1_793_534_400 + 1200  # 2026-11-01 12:20 UTC
SHOWN, STEP = 6 * 3600, 60
# As Grafana reckons it: at least four scrapes, and a step and a scrape.
RATE_INTERVAL = f"{max(STEP + FINE, 4 * FINE)}s"
HEAD, CELL, WIDTH = 64, 38, 1448  # as page.tsx has them
WORLDS = {"well": "A cluster that is well", "broken": "A cluster in which everything that can break is broken"}
HTML = """\
<!doctype html>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="page.css">
<style>body {{ margin: 0; overflow: hidden }}</style>
<div id="sheet"></div>
<script>const sheet = {sheet};</script>
<script src="page.js"></script>
"""
Json = dict[str, Any]


def main(folder: Path) -> None:
    with httpx.Client(trust_env=False, timeout=60) as client:
        for name, words in WORLDS.items():
            with (
                tempfile.TemporaryDirectory() as place,
                world(Path(place), 0, well=name == "well", end=END, recent=SHOWN + 600) as found,
            ):
                for file in sorted(BOARDS.glob("*.json")):
                    board = json.loads(file.read_text())
                    sheet = _sheet(client, found, board, words)
                    text = json.dumps(sheet).replace("</", "<\\/")
                    (folder / f"{file.stem}-{name}.html").write_text(HTML.format(title=board["title"], sheet=text))
                    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in sheet["panels"])
                    print(f"{file.stem}-{name} {WIDTH},{HEAD + rows * CELL}")


def _sheet(client: httpx.Client, of: World, board: Json, words: str) -> Json:
    variables = {each["name"]: _chosen(each) for each in board["templating"]["list"] if each["type"] == "query"}
    panels = list(_laid_out(board["panels"]))
    for panel in panels:
        for target in panel.get("targets", ()):
            target["answer"] = _answer(client, of, target, variables)
    return {
        "title": board["title"],
        "question": board["description"].partition("(generated")[0].strip(),
        "world": words,
        "variables": {name: "All" if value == ".*" else value for name, value in variables.items()},
        "from": of.end - SHOWN,
        "to": of.end,
        "step": STEP,
        "panels": panels,
    }


def _chosen(variable: Json) -> str:
    if variable["includeAll"]:
        return ".*"
    return {"cluster": EXAMPLE.name, "node": next(iter(EXAMPLE.nodes))}[variable["name"]]


def _laid_out(panels: list[Json]) -> Iterator[Json]:
    """With the rows that are shut opened, as Grafana does it: what is below them moves down."""
    down = 0
    for panel in panels:
        inside = panel.get("panels", [])
        for each in (panel, *inside):
            place = each["gridPos"]
            yield {**each, "gridPos": {**place, "y": place["y"] + down}, "panels": []}
        if inside:
            down += max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in inside) - panel["gridPos"]["y"] - 1


def _answer(client: httpx.Client, of: World, target: Json, variables: dict[str, str]) -> list[Json]:
    expression = filled_in(target["expr"].replace("$__rate_interval", RATE_INTERVAL), **variables)
    asked: Json = {"query": expression}
    asked |= {"time": of.end} if target["instant"] else {"start": of.end - SHOWN, "end": of.end, "step": STEP}
    answer = client.get(f"{of.url}/api/v1/query{'' if target['instant'] else '_range'}", params=asked).json()
    if answer["status"] != "success":
        raise ValueError(f"{expression}: {answer}")
    found: list[Json] = answer["data"]["result"]
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))

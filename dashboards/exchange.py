"""Boards to a Grafana and back. What a person changed there is theirs: it is told, and left alone unless forced.

Each version that we save names itself as ours in Grafana's history, with a fingerprint of the board. A newest version
without that name was saved by somebody else.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dashboards.grafana_api import Found, Grafana, GrafanaError
from dashboards.links import NAMES, uid

FOLDER, FOLDER_TITLE = "ragpulse", "ragpulse"

_OURS = "ragpulse dashboards push"
# Grafana's own numbers, which say nothing of the board.
_NUMBERS = ("id", "version")

State = Literal["new", "as it was", "older", "changed by hand", "provisioned"]


class HandChangedError(GrafanaError):
    """Boards that somebody changed, or that Grafana takes from files."""


@dataclass(frozen=True, slots=True)
class Looked:
    name: str
    wanted: dict[str, Any]
    found: Found | None
    state: State

    @property
    def message(self) -> str:
        return f"{_OURS} {fingerprint(self.wanted)}"


def push(server: Grafana, boards: Mapping[str, str], folder: str, *, force: bool) -> Iterator[str]:
    """What was done with each board, one line each. All are looked at before any is saved. Errors: GrafanaError."""
    looked = [_look(server, name, json.loads(text)) for name, text in boards.items()]
    if from_files := [each.name for each in looked if each.state == "provisioned"]:
        raise HandChangedError(
            f"{server.url}: Grafana takes {', '.join(from_files)} from files (provisioning): write those anew with"
            " `ragpulse generate` instead"
        )
    if changed := [each.name for each in looked if each.state == "changed by hand" and not force]:
        raise HandChangedError(
            f"{server.url}: {', '.join(changed)} changed by hand since the last push, and nothing was saved: keep them"
            " with `ragpulse dashboards pull`, or replace them with --force"
        )
    return _save(server, looked, folder)


def _save(server: Grafana, looked: list[Looked], folder: str) -> Iterator[str]:
    if any(each.found is None for each in looked):
        server.make_folder(folder, FOLDER_TITLE if folder == FOLDER else folder)
    for each in looked:
        if each.state == "as it was":
            yield f"{each.name}: is current"
            continue
        # One that is there stays in the folder into which somebody may have moved it.
        place = folder if each.found is None else each.found.meta.folder
        server.save(each.wanted, place, each.message, each.found)
        yield f"{each.name}: {'made' if each.found is None else 'replaced'}"


def pull(server: Grafana) -> dict[str, dict[str, Any]]:
    """Each of our boards that is there: name → as we write it, so that it can be compared. Errors: GrafanaError."""
    found = {name: server.board(uid(name)) for name in NAMES}
    return {name: {**_plain(board.dashboard), "version": 1} for name, board in found.items() if board is not None}


def _look(server: Grafana, name: str, wanted: dict[str, Any]) -> Looked:
    found = server.board(wanted["uid"])
    if found is None:
        return Looked(name, wanted, None, "new")
    if found.meta.provisioned:
        return Looked(name, wanted, found, "provisioned")
    last = server.last_version(wanted["uid"])
    if last is None or last.version != found.version or not last.message.startswith(f"{_OURS} "):
        return Looked(name, wanted, found, "changed by hand")
    state: State = "as it was" if last.message == f"{_OURS} {fingerprint(wanted)}" else "older"
    return Looked(name, wanted, found, state)


def fingerprint(board: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(_plain(board), sort_keys=True).encode()).hexdigest()[:16]


def _plain(board: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in board.items() if key not in _NUMBERS}

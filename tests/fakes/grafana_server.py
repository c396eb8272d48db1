"""A stand-in for Grafana on loopback that keeps to its documented HTTP API of boards, their versions and folders.

What the documentation demands is demanded: a token with the right role, JSON, a title, a uid of 40 characters at most,
the id and the version of the board that is replaced. What somebody does by hand is `saved_by_hand`.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
Answer = tuple[int, Any]
EDITOR, VIEWER = "editors-token", "viewers-token"
_LONGEST_UID = 40
_CHANGED = {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}
_EXISTS = {"message": "A dashboard with the same uid already exists", "status": "name-exists"}


@dataclass
class Board:
    id: int
    folder: str
    versions: list[tuple[Json, str]]  # what was saved, with which message
    provisioned: bool = False

    @property
    def shown(self) -> Json:
        return {**self.versions[-1][0], "id": self.id, "version": len(self.versions)}


@dataclass
class GrafanaServer:
    url: str
    versions_as_list: bool = False  # as before 11.3
    boards: dict[str, Board] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def saved_by_hand(self, uid: str, **changes: Any) -> None:
        board = self.boards[uid]
        board.versions.append(({**board.versions[-1][0], **changes}, ""))

    def answer(self, method: str, path: str, headers: Json, body: bytes) -> Answer:
        self.asked.append(f"{method} {path}")
        role = str(headers.get("Authorization", "")).removeprefix("Bearer ")
        if role not in (EDITOR, VIEWER):
            return 401, {"message": "Invalid API key"}
        if method == "GET":
            return self._get(path.partition("?")[0].split("/")[1:])
        if role != EDITOR:
            return 403, {"message": "You'll need additional permissions to perform this action"}
        if headers.get("Content-Type") != "application/json":
            return 415, {"message": "bad request data"}
        wanted = json.loads(body)
        return {"/api/dashboards/db": self._save, "/api/folders": self._make_folder}[path](wanted)

    def _get(self, parts: list[str]) -> Answer:
        match parts:
            case ["api", "folders", uid] if uid in self.folders:
                return 200, {"uid": uid, "title": self.folders[uid]}
            case ["api", "dashboards", "uid", uid] if uid in self.boards:
                board = self.boards[uid]
                meta = {"folderUid": board.folder, "provisioned": board.provisioned}
                return 200, {"dashboard": board.shown, "meta": meta}
            case ["api", "dashboards", "uid", uid, "versions"] if uid in self.boards:
                saved = enumerate(self.boards[uid].versions, start=1)
                newest_first = [{"id": n, "version": n, "message": message} for n, (_, message) in saved][::-1]
                return 200, newest_first if self.versions_as_list else {"continueToken": "", "versions": newest_first}
        return 404, {"message": "not found"}

    def _make_folder(self, wanted: Json) -> Answer:
        if not wanted.get("title"):
            return 400, {"message": "folder title cannot be empty"}
        if wanted["uid"] in self.folders:
            return 409, {"message": "a folder with the same uid already exists"}
        self.folders[wanted["uid"]] = wanted["title"]
        return 200, {"uid": wanted["uid"], "title": wanted["title"]}

    def _save(self, wanted: Json) -> Answer:
        board, folder = wanted["dashboard"], wanted.get("folderUid", "")
        uid = board.get("uid", "")
        there = self.boards.get(uid)
        if refusal := self._wrong(board, uid, folder) or self._stale(
            board, there, overwrite=bool(wanted.get("overwrite"))
        ):
            return refusal
        if there is None:
            there = self.boards[uid] = Board(len(self.boards) + 1, folder, [])
        there.folder = folder
        there.versions.append(({k: v for k, v in board.items() if k not in ("id", "version")}, wanted["message"]))
        return 200, {"id": there.id, "uid": uid, "status": "success", "version": len(there.versions)}

    def _wrong(self, board: Json, uid: str, folder: str) -> Answer | None:
        if not board.get("title"):
            return 400, {"message": "Dashboard title cannot be empty"}
        if not 0 < len(uid) <= _LONGEST_UID:
            return 400, {"message": "uid too long, max 40 characters"}
        return (400, {"message": "folder not found"}) if folder and folder not in self.folders else None

    def _stale(self, board: Json, there: Board | None, *, overwrite: bool) -> Answer | None:
        if there is None:
            return None
        if there.provisioned:
            return 400, {"message": "Cannot save provisioned dashboard"}
        if not overwrite and board.get("id") != there.id:
            return 412, _EXISTS
        return (412, _CHANGED) if not overwrite and board.get("version") != len(there.versions) else None


@contextmanager
def grafana_server() -> Iterator[GrafanaServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: else each answer waits for the client's kernel

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content = stand_in.answer(self.command, self.path, dict(self.headers.items()), body)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve  # noqa: N815 - names that http.server calls

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in = GrafanaServer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

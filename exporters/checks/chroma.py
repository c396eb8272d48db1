"""Which version is Chroma, are the named collections there, and is its storage where the cluster file says?

Collections by its API; storage by the folder itself, on its own node: names and sizes only, its database is not opened.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from exporters import chroma_api
from exporters.checks.check import Result, Scene, failed, not_checked, note, well
from exporters.http_client import Failure
from exporters.label_text import fits_label

if TYPE_CHECKING:
    from exporters.http_client import HttpClient
    from ragpulse.services import Chroma

_TRIED = ("0.5.", "1.")  # docs/configuration-documentation.md
_NO_SUCH = (400, 404)  # of a collection that is not there 0.5.x says 400, 1.x 404
_DATABASE = "chroma.sqlite3"
_INDEX = "data_level0.bin"  # of HNSW, in one folder for each collection that has vectors
_LITTLE = 0.05  # of the file system, below which the next ingest may fill it
_GIB = 1024.0**3


class ChromaAspects:
    def __init__(self, scene: Scene, service: str, chroma: Chroma, timeout: float) -> None:
        self._scene = scene
        self._chroma = chroma
        self._timeout = timeout
        self._at = f"services.{service}"

    def version(self) -> Result:
        with contextlib.closing(self._client()) as client:
            try:
                version = client.get(chroma_api.VERSION, with_auth=False).expect().json()
            except Failure as failure:
                return not_checked(f"it does not say its version: {failure}")
        if not fits_label(version):
            return not_checked("what it says is no version")
        if not version.startswith(_TRIED):
            return note(f"{version}: tried are 0.5.x and 1.x")
        return well(version)

    def collections(self) -> Result:
        """Those that the cluster file names, and the database that they are in."""
        chroma, file = self._chroma, self._scene.file
        named = {}
        if chroma.query is not None:
            named[chroma.query.collection] = f"{self._at}.query.collection"
        if chroma.canary is not None:
            named.setdefault(chroma.canary.collection, f"{self._at}.canary.collection")
        with contextlib.closing(self._client()) as client:
            if client.get(chroma_api.database(chroma)).status in _NO_SUCH:
                return failed(
                    f"there is no database {chroma.database} in tenant {chroma.tenant}",
                    f"correct {self._at}.database in {file}, or create that database",
                )
            for name, setting in named.items():
                answer = client.get(chroma_api.collection(chroma, name))
                if answer.status in _NO_SUCH:
                    return failed(
                        f"there is no collection {name}", f"correct {setting} in {file}, or create and fill it"
                    )
                if not isinstance(answer.expect().mapping().get("dimension"), int):
                    return failed(f"collection {name} is empty", f"fill it, or name another as {setting} in {file}")
        return well(", ".join(named)) if named else note(f"none is named: {self._at}.query.collection is not set")

    def storage(self) -> Result:
        folder = Path(self._chroma.data_dir or "")
        try:
            inside = {entry.name: entry for entry in os.scandir(folder)}
            if _DATABASE not in inside:
                return failed(
                    f"{folder} holds no {_DATABASE}: another folder is Chroma's",
                    f"write the folder that chroma run --path names as {self._at}.data_dir in {self._scene.file}",
                )
            size = inside[_DATABASE].stat().st_size
            indexes = sum((Path(entry) / _INDEX).exists() for entry in inside.values() if entry.is_dir())
            disk = os.statvfs(folder)
        except OSError as error:
            return failed(f"{error.filename or folder}: {error.strerror}", f"let the user of the agent read {folder}")
        said = f"SQLite {size / 1e6:.1f} MB, {indexes} HNSW {'index' if indexes == 1 else 'indexes'}"
        room = f"{disk.f_bavail * disk.f_frsize / _GIB:.1f} of {disk.f_blocks * disk.f_frsize / _GIB:.1f} GiB free"
        if disk.f_flag & os.ST_RDONLY:
            return failed(
                f"the file system of {folder} is read-only", f"see dmesg, then mount it again: findmnt -T {folder}"
            )
        if disk.f_bavail < _LITTLE * disk.f_blocks:
            return failed(f"{room} where {folder} is", f"make room there: du -xh {folder} | sort -h | tail")
        return well(f"{said}; {room}")

    def _client(self) -> HttpClient:
        return chroma_api.client(self._chroma, self._timeout)

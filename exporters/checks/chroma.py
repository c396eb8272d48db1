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
from exporters.chroma_collection import look_up
from exporters.http_client import Failure, WrongAnswer
from exporters.label_text import fits_label

if TYPE_CHECKING:
    from exporters.http_client import HttpClient
    from ragpulse.services import Chroma, ChromaCanary

_TRIED = ("0.5.", "1.")  # docs/configuration-documentation.md
_DATABASE = "chroma.sqlite3"
_INDEX = "data_level0.bin"  # of HNSW, in one folder for each collection that has vectors
_LITTLE, _LITTLE_GIB = 0.05, 10  # of the file system, or GiB of a large one: the next ingest may fill it
_GIB = 1024.0**3


class ChromaAspects:
    def __init__(self, scene: Scene, service: str, chroma: Chroma, timeout: float) -> None:
        self._scene = scene
        self._chroma = chroma
        self._timeout = timeout
        self._service = service
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
        """The one that is queried, and the database that it is in."""
        chroma, file = self._chroma, self._scene.file
        with contextlib.closing(self._client()) as client:
            if client.get(chroma_api.database(chroma)).status in chroma_api.NO_SUCH:
                return failed(
                    f"there is no database {chroma.database} in tenant {chroma.tenant}",
                    f"correct {self._at}.database in {file}, or create that database",
                )
            if chroma.query is None:
                return note(f"none is named: {self._at}.query.collection is not set")
            try:
                look_up(client, chroma, chroma.query.collection)
            except WrongAnswer as wrong:
                setting = f"{self._at}.query.collection"
                return failed(str(wrong), f"correct {setting} in {file}, or create and fill that collection")
        return well(chroma.query.collection)

    def golden(self, canary: ChromaCanary) -> Result:
        """Whether the golden queries have something to find."""
        file = self._scene.file
        with contextlib.closing(self._client()) as client:
            try:
                look_up(client, self._chroma, canary.collection)
            except WrongAnswer as wrong:
                mend = (
                    f"run ragpulse canary init {self._service} --config {file}"
                    if canary.golden_file is None
                    else f"correct {self._at}.canary.collection in {file}"
                )
                return failed(str(wrong), mend)
        return well(canary.collection)

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
        return room(folder, disk, f"SQLite {size / 1e6:.1f} MB, HNSW indexes: {indexes}")

    def _client(self) -> HttpClient:
        return chroma_api.client(self._chroma, self._timeout)


def room(folder: Path, disk: os.statvfs_result, holds: str) -> Result:
    """`holds`: what is said of the folder when all is well."""
    free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    said = f"{free / _GIB:.1f} of {size / _GIB:.1f} GiB free"
    if disk.f_flag & os.ST_RDONLY:
        return failed(
            f"the file system of {folder} is read-only", f"see dmesg for why, then mount it again: findmnt -T {folder}"
        )
    if free < min(_LITTLE * size, _LITTLE_GIB * _GIB):
        return failed(f"{said} where {folder} is", f"make room there: du -xh {folder} | sort -h | tail")
    return well(f"{holds}; {said}")

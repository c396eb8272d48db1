"""ChromaDB in the cluster file."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, model_validator

from ragpulse.golden import DEFAULT_COLLECTION
from ragpulse.model import BaseUrl, Duration, FilePath, HeaderName, HeaderPrefix, Part
from ragpulse.service import Service

_COLLECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")  # what both generations allow


def _collection(text: str) -> str:
    if not _COLLECTION.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a collection: 3 to 63 letters, digits and . _ - between them")
    return text


class ChromaQuery(Part):
    collection: str
    """collection that is asked, with a vector of its own dimension"""


class ChromaCanary(Part):
    collection: Annotated[str, AfterValidator(_collection)] = DEFAULT_COLLECTION
    """collection that is asked; without `golden_file` one of our own, which `ragpulse canary init` writes"""
    golden_file: FilePath | None = None
    """queries of a collection of yours, and what they must find; `ragpulse canary golden` makes it"""
    every: Duration = 60.0
    """time between two rounds of all golden queries"""

    @model_validator(mode="after")
    def _is_of_one_collection(self) -> "ChromaCanary":
        if self.golden_file is not None and "collection" not in self.model_fields_set:
            raise ValueError("needs the collection that golden_file was made of")
        return self


class Chroma(Service):
    checks: ClassVar[tuple[str, ...]] = ("heartbeat", "ready", "query")

    kind: Literal["chroma"]
    """ChromaDB"""
    url: BaseUrl
    """base URL; `/api/v2/...` is added to it"""
    token_file: FilePath | None = None
    """file that holds the token"""
    token_header: HeaderName = "Authorization"
    """header that carries the token"""
    token_prefix: HeaderPrefix = "Bearer"
    """word before the token"""
    tenant: str = "default_tenant"
    """tenant that is asked for"""
    database: str = "default_database"
    """database that is asked for"""
    data_dir: FilePath | None = None
    """folder of its data on its node: its files are looked at, and what process has them open; nothing is opened but
    the header of `chroma.sqlite3`
    """
    read_database: bool = False
    """read two tables of `chroma.sqlite3` in `data_dir` every quarter of an hour, for a few milliseconds: folders that
    no collection uses any more, and records in its log
    """
    query: ChromaQuery | None = None
    """what the check `query` asks; without it that is not judged"""
    canary: ChromaCanary | None = None
    """queries whose exact answers are known: are the nearest records found?"""

    @model_validator(mode="after")
    def _has_a_database_to_read(self) -> "Chroma":
        if self.read_database and self.data_dir is None:
            raise ValueError("needs data_dir beside read_database, which says where the database lies")
        return self

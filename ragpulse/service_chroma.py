"""ChromaDB in the cluster file."""

from typing import ClassVar, Literal

from ragpulse.model import BaseUrl, FilePath, HeaderName, HeaderPrefix, Part
from ragpulse.service import Service


class ChromaQuery(Part):
    collection: str
    """collection that is asked, with a vector of its own dimension"""


class ChromaCanary(Part):
    collection: str
    """collection that is asked"""
    golden_file: FilePath
    """what it must find"""


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
    """folder of its data on its node"""
    query: ChromaQuery | None = None
    """what the check `query` asks; without it that is not judged"""
    canary: ChromaCanary | None = None
    """a query whose answer is known; not sent yet"""

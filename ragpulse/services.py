"""The services that a cluster file can name, one class per kind; `nodes[0]` is the host or head."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ragpulse.model import Address, Duration, FilePath, HeaderName, HeaderPrefix, HttpPath, Name, Part, Size, Url

Names = Annotated[tuple[Name, ...], Field(strict=False)]
Nodes = Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
StatusCodes = Annotated[tuple[int, ...], Field(strict=False, min_length=1)]

_MOST_BODY = 64 * 1024**2


def _as_list(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _regex(text: str) -> str:
    if not text:
        raise ValueError("is found in every answer; leave it out")
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from None
    return text


def _fits_into_memory(size: float) -> float:
    if size > _MOST_BODY:
        raise ValueError("is more than 64MiB: an agent holds the whole answer in memory")
    return size


Scalar = str | bool | int | float
OneOrMore = Annotated[
    tuple[Scalar, ...],
    Field(strict=False, min_length=1),
    BeforeValidator(_as_list, json_schema_input_type=Scalar | list[Scalar]),
]
Regex = Annotated[str, AfterValidator(_regex)]


class Tls(Part):
    ca_file: FilePath | None = None
    cert_file: FilePath | None = None
    key_file: FilePath | None = None
    server_name: Address | None = None

    @model_validator(mode="after")
    def _has_what_the_key_is_for(self) -> "Tls":
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("key_file without cert_file: name the certificate that it belongs to")
        return self


class Service(Part):
    """What all kinds share. `checks` are the probe requests that the kind can make."""

    checks: ClassVar[tuple[str, ...]] = ()

    nodes: Nodes
    probe_from: Names = ()
    every: Duration | None = None
    timeout: Duration | None = None
    depends_on: Names = ()
    tls: Tls | None = None


class Canary(Part):
    prompt: str = "Say one word."
    max_tokens: Annotated[int, Field(ge=1, le=256)] = 8
    every: Duration = 10.0


class Vllm(Service):
    checks: ClassVar[tuple[str, ...]] = ("health", "ready")

    kind: Literal["vllm"]
    url: Url
    model: str | None = None
    api_key_file: FilePath | None = None
    raw: bool = False
    canary: Canary = Canary()


class Ray(Service):
    kind: Literal["ray"]
    metrics_ports: Annotated[tuple[int, ...], Field(strict=False)] = ()
    discovery_file: FilePath | None = None
    token_file: FilePath | None = None


class ChromaQuery(Part):
    collection: str


class ChromaCanary(Part):
    collection: str
    golden_file: FilePath


class Chroma(Service):
    checks: ClassVar[tuple[str, ...]] = ("heartbeat", "ready", "query")

    kind: Literal["chroma"]
    url: Url
    token_file: FilePath | None = None
    token_header: HeaderName = "Authorization"
    token_prefix: HeaderPrefix = "Bearer"
    tenant: str = "default_tenant"
    database: str = "default_database"
    data_dir: FilePath | None = None
    query: ChromaQuery | None = None
    canary: ChromaCanary | None = None


class HeaderAuth(Part):
    header: HeaderName = "Authorization"
    prefix: HeaderPrefix = "Bearer"
    value_file: FilePath


class MemoryCheck(Part):
    """One request and what a good answer looks like. `json_field` is a dotted path into the answer."""

    path: HttpPath
    method: Literal["GET", "POST"] = "GET"
    json_body: Annotated[dict[str, Any] | None, Field(alias="json")] = None
    send_auth: bool = True
    ok_status: StatusCodes = (200,)
    json_field: str | None = None
    ok_values: Annotated[tuple[str | bool | int, ...], Field(strict=False)] = (
        "healthy", "ok", "ready", "up", "pass", "alive", True,
    )  # fmt: skip


class Memory(Service):
    checks: ClassVar[tuple[str, ...]] = ("health", "ready", "search")

    kind: Literal["memory"]
    url: Url
    preset: Literal["generic"] = "generic"
    auth: HeaderAuth | None = None
    health: MemoryCheck = MemoryCheck(path="/health", send_auth=False)
    ready: MemoryCheck | None = None
    search: MemoryCheck | None = None
    gauges: dict[Name, str] = {}


class HttpExpect(Part):
    """What a good answer looks like. `json_fields`: dotted path into the answer → the values that are good there."""

    status: StatusCodes = (200,)
    body_match: Regex | None = None
    json_fields: Annotated[dict[str, OneOrMore], Field(alias="json")] = {}


class Http(Service):
    checks: ClassVar[tuple[str, ...]] = ("response",)

    kind: Literal["http"]
    url: Url
    auth: HeaderAuth | None = None
    expect: HttpExpect = HttpExpect()
    redirects: Annotated[int, Field(ge=0, le=10)] = 0
    max_body: Annotated[Size, AfterValidator(_fits_into_memory)] = 8.0 * 1024**2


class Rag(Service):
    kind: Literal["rag"]
    url: Url | None = None
    stages: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Swarm(Service):
    kind: Literal["swarm"]


AnyService = Annotated[Vllm | Ray | Chroma | Memory | Http | Rag | Swarm, Field(discriminator="kind")]

# Kinds that this version has a source or probe for; the others are accepted and shown as not watched.
WATCHED = (Vllm, Chroma, Memory, Http)


class Backup(Part):
    kind: Literal["borg"]
    node: Name
    covers: Name | None = None
    every: Duration | None = None
    state_file: FilePath | None = None
    repository: str | None = None

    @model_validator(mode="after")
    def _has_something_to_read(self) -> "Backup":
        if self.state_file is None and self.repository is None:
            raise ValueError("needs state_file (or repository) to know anything of the backup")
        return self

"""The services that a cluster file can name, one class per kind; `nodes[0]` is the host or head."""

import json
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator

from ragpulse.model import (
    Address,
    BaseUrl,
    Duration,
    FilePath,
    HeaderName,
    HeaderPrefix,
    HttpPath,
    Name,
    Part,
    Port,
    Url,
)
from ragpulse.service_values import BodySize, Names, Nodes, OneOrMore, Regex, StatusCodes


class Tls(Part):
    ca_file: FilePath | None = None
    """certificates of an authority of your own, instead of the system's"""
    cert_file: FilePath | None = None
    """certificate that the agent shows; needs `key_file`. Files that change on disk are read anew"""
    key_file: FilePath | None = None
    """its private key"""
    server_name: Address | None = None
    """name in the service's certificate, where it is not the one in `url`"""


class Service(Part):
    """What all kinds share. `checks` are the probe requests that the kind can make."""

    checks: ClassVar[tuple[str, ...]] = ()

    nodes: Nodes
    """nodes where it lives; the first is its host or head"""
    probe_from: Names = ()
    """nodes that probe it (default: up to three others, chosen the same way each time)"""
    every: Duration | None = None
    """time between probes, from 1s (default: `monitoring.scrape_interval`); at most 30s, or 3 × `scrape_interval`
    where that is more: a verdict needs two probes within its short window
    """
    timeout: Duration | None = None
    """of one probe request, from looking its name up to the last byte (default: 0.3 × `every`, at most 3s); all checks
    of a run must fit into `every`
    """
    depends_on: Names = ()
    """services that it needs"""
    tls: Tls | None = None
    """for a `url` with https"""


class Canary(Part):
    enabled: bool = True
    """whether canaries are sent; `false` leaves the state to what the server says of itself"""
    prompt: Annotated[str, Field(min_length=1, max_length=1000)] = "Say one word."
    """what is asked, in at most 1000 characters"""
    max_tokens: Annotated[int, Field(ge=1, le=256)] = 8
    """tokens that may be generated for it"""
    every: Duration = 10.0
    """time between two canaries"""
    timeout: Duration | None = None
    """of one canary, from connecting to its last token (default: 0.7 × `canary.every`, at most 15s)"""


class Vllm(Service):
    checks: ClassVar[tuple[str, ...]] = ("health", "ready")

    kind: Literal["vllm"]
    """vLLM, an OpenAI-compatible server"""
    url: BaseUrl
    """base URL; `/health`, `/metrics` and `/v1/models` are added to it"""
    model: str | None = None
    """model that must be offered"""
    api_key_file: FilePath | None = None
    """file that holds the API key"""
    raw: bool = False
    """Prometheus also scrapes the page of vLLM itself"""
    metrics_url: Url | None = None
    """its page of metrics, where that is not `url`/metrics: a Ray node's, under Ray Serve"""
    canary: Canary = Canary()
    """a small streaming completion of our own: the only request that an engine cannot answer while it hangs"""


class Ray(Service):
    kind: Literal["ray"]
    """Ray; its nodes read it, and nobody probes it"""
    url: BaseUrl = "http://127.0.0.1:8265"
    """its dashboard, as its head reaches it: `/api/v0/nodes` is added to it"""
    metrics_ports: Annotated[tuple[Port, ...], Field(strict=False)] = ()
    """ports of its metrics pages, the same on each node (`--metrics-export-port`); 44217 and 44227 are asked on the
    head alone. Without them Ray's own list tells them, and the head's agent reads all pages
    """
    discovery_file: FilePath | None = None
    """its list of metrics pages on its head, `prom_metrics_service_discovery.json` in Ray's temporary folder (default:
    the dashboard is asked for the list)
    """
    token_file: FilePath | None = None
    """file that holds its token (`RAY_AUTH_MODE=token`); sent to the dashboard alone: metrics pages ask for none"""

    @field_validator("probe_from")
    @classmethod
    def _is_probed_by_nobody(cls, nodes: tuple[str, ...]) -> tuple[str, ...]:
        if nodes:
            raise ValueError("Ray is read on its own nodes and probed from nowhere; leave this out")
        return nodes


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


class HeaderAuth(Part):
    header: HeaderName = "Authorization"
    """header that carries the secret"""
    prefix: HeaderPrefix = "Bearer"
    """word before the secret"""
    value_file: FilePath
    """file that holds the secret"""


class MemoryCheck(Part):
    """One request and what a good answer looks like. `json_field` is a dotted path into the answer."""

    path: HttpPath
    """path that is added to the URL"""
    method: Literal["GET", "POST"] = "GET"
    """how it is asked"""
    json_body: Annotated[dict[str, Any] | None, Field(alias="json")] = None
    """JSON that is sent"""
    send_auth: bool = True
    """whether `auth` is sent along"""
    ok_status: StatusCodes = (200,)
    """statuses of a good answer"""
    json_field: str | None = None
    """dotted path into the answer, whose value must be one of `ok_values`"""
    ok_values: Annotated[tuple[str | bool | int, ...], Field(strict=False)] = (
        "healthy", "ok", "ready", "up", "pass", "alive", True,
    )  # fmt: skip
    """values of a good answer"""

    @field_validator("json_body")
    @classmethod
    def _can_be_sent(cls, body: dict[str, Any] | None) -> dict[str, Any] | None:
        try:
            json.dumps(body, allow_nan=False)
        except (ValueError, TypeError) as error:
            raise ValueError(f"cannot be sent as JSON ({error}); put dates into quotes") from error
        return body


class Memory(Service):
    checks: ClassVar[tuple[str, ...]] = ("health", "ready", "search")

    kind: Literal["memory"]
    """a memory service over HTTP"""
    url: BaseUrl
    """base URL; the paths of the requests are added to it"""
    preset: Literal["generic"] = "generic"
    """which API it speaks"""
    auth: HeaderAuth | None = None
    """how a request shows who it is from"""
    health: MemoryCheck = MemoryCheck(path="/health", send_auth=False)
    """request that says whether it lives (default: `/health`, without `auth`)"""
    ready: MemoryCheck | None = None
    """request that says whether it can do its work"""
    search: MemoryCheck | None = None
    """request that stands for its use"""
    gauges: dict[Name, str] = {}
    """numbers to keep: a name of yours and the dotted path in the answer to `ready`"""


class HttpExpect(Part):
    """What a good answer looks like. `json_fields`: dotted path into the answer → the values that are good there."""

    status: StatusCodes = (200,)
    """statuses that are good"""
    body_match: Regex | None = None
    """regular expression (Python's) that is found somewhere in the answer; `(?i)` before it ignores case"""
    json_fields: Annotated[dict[str, OneOrMore], Field(alias="json")] = {}
    """dotted path into the answer: the value, or list of values, that is good there; all must be there, letters match
    in either case
    """


class Http(Service):
    checks: ClassVar[tuple[str, ...]] = ("response",)

    kind: Literal["http"]
    """anything that answers HTTP"""
    url: Url
    """URL that is asked by GET, exactly as written"""
    auth: HeaderAuth | None = None
    """how a request shows who it is from"""
    expect: HttpExpect = HttpExpect()
    """what a good answer looks like"""
    redirects: Annotated[int, Field(ge=0, le=10)] = 0
    """how many redirects are followed, at most 10; one whose status is in `expect.status` is the answer itself"""
    max_body: BodySize = 8.0 * 1024**2
    """largest answer that is read, at most 64MiB"""


class Rag(Service):
    kind: Literal["rag"]
    """the whole path of a RAG request; accepted, not watched yet"""
    url: BaseUrl | None = None
    """base URL"""
    stages: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """names of its stages"""


class Swarm(Service):
    kind: Literal["swarm"]
    """Docker Swarm; accepted, not watched yet"""


AnyService = Annotated[Vllm | Ray | Chroma | Memory | Http | Rag | Swarm, Field(discriminator="kind")]

# Kinds that this version has a probe for, whose outcomes are counted: what is promised of them can be judged.
PROBED = (Vllm, Chroma, Memory, Http)
# Kinds that this version has a source or probe for; the others are accepted and shown as not watched.
WATCHED = (*PROBED, Ray)

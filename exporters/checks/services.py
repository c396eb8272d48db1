"""Which checks a service gets, by its kind, and which of them needs which."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from exporters import chroma_api
from exporters.checks import credentials, files, probed, trust
from exporters.checks.check import SPARE, Check, Key, Result, Scene, not_checked
from exporters.checks.chroma import ChromaAspects
from exporters.checks.credentials import Guard, Question, Secret
from exporters.checks.files import FILES
from exporters.checks.ray import RayAspects
from exporters.checks.vllm import VllmAspects
from exporters.checks.ways import Target, Ways
from exporters.chroma_probe import ChromaProbe
from exporters.http_probe import http_probe
from exporters.memory_probe import memory_probe
from exporters.secret import SecretError
from exporters.service_sources import plan
from exporters.vllm_probe import vllm_probe

if TYPE_CHECKING:
    from exporters.probe import ServiceProbe
    from ragpulse.services import AnyService, Chroma, HeaderAuth, Http, Memory, Ray, Vllm

_REQUESTS = 4  # that one check may make in turn
_OF_A_PATH = "each service on it has checks of its own, and `contract` walks from one to the next"
_GUARD_CHROMA = (
    "start ChromaDB 0.5.x with CHROMA_SERVER_AUTHN_PROVIDER and _CREDENTIALS_FILE (1.x ignores them and needs a proxy"
    " before it that asks for the secret)"
)


class ServiceChecks:
    """`found`: in the order in which they are shown, but for those of the way, which others share."""

    def __init__(self, scene: Scene, ways: Ways, name: str) -> None:
        self.found: list[Check] = []
        self._scene = scene
        self._ways = ways
        self._name = name
        self._at = f"services.{name}"
        self._only = frozenset({name})
        self._plan = plan(scene.cluster, name)
        self._timeout = self._plan.request_timeout
        service = scene.cluster.services[name]
        if service.kind == "vllm":
            self._vllm(service)
        elif service.kind == "chroma":
            self._chroma(service)
        elif service.kind == "memory":
            self._memory(service)
        elif service.kind == "http":
            self._http(service)
        elif service.kind == "ray":
            self._ray(service)
        elif service.kind == "rag":
            self._add("path", lambda: not_checked(_OF_A_PATH))
        else:
            self._add("kind", lambda: not_checked(f"{service.kind} is not checked by this version"))

    def _vllm(self, vllm: Vllm) -> None:
        if (first := self._reached(vllm, vllm.url)) is None:
            return
        aspects = VllmAspects(self._scene, self._name, vllm, self._timeout)
        page = first
        if vllm.metrics_url is not None:
            target = Target.of_url(vllm.metrics_url, f"{self._at}.metrics_url")
            page = (*first, self._ways.to_port(target, self._name, self._only, "metrics port"))
        steps = self._steps(vllm_probe(self._plan, vllm))
        health = self._add("health", steps["health"], *first)
        api = self._add("api", aspects.api, health)
        self._add("version", aspects.version, api)
        secret = Secret("api_key_file", vllm.api_key_file)
        guard = Guard(self._name, vllm.url, vllm.tls, secret, Question("/v1/models"), "start vLLM with --api-key")
        ours = self._credentials(guard, api)
        model = self._add("model", steps["ready"], ours)
        self._add("metrics", aspects.metrics, api, *page)
        self._add("completion", aspects.completion, model, more=aspects.patience)

    def _chroma(self, chroma: Chroma) -> None:
        if (first := self._reached(chroma, chroma.url)) is None:
            return
        aspects = ChromaAspects(self._scene, self._name, chroma, self._timeout)
        steps = self._steps(ChromaProbe(self._plan, chroma))
        heartbeat = self._add("heartbeat", steps["heartbeat"], *first)
        self._add("version", aspects.version, heartbeat)
        secret = Secret("token_file", chroma.token_file, chroma.token_header, chroma.token_prefix)
        guard = Guard(self._name, chroma.url, chroma.tls, secret, Question(chroma_api.tenant(chroma)), _GUARD_CHROMA)
        ours = self._credentials(guard, heartbeat)
        ready = self._add("ready", steps["ready"], ours)
        collections = self._add("collections", aspects.collections, ready)
        if "query" in steps:
            self._add("query", steps["query"], collections)
        if chroma.canary is not None:
            self._add("golden", partial(aspects.golden, chroma.canary), collections)
        self._at_home("storage", chroma.data_dir, aspects.storage)

    def _memory(self, memory: Memory) -> None:
        if (first := self._reached(memory, memory.url)) is None:
            return
        steps = self._steps(memory_probe(self._plan, memory))
        last = self._add("health", steps.pop("health"), *first)
        asked = next((one for one in (memory.ready, memory.search, memory.health) if one and one.send_auth), None)
        if asked is not None:
            question = Question(asked.path, asked.method, asked.json_body)
            order = "let it ask for its key"
            guard = Guard(self._name, memory.url, memory.tls, _secret_of(memory.auth), question, order)
            last = self._credentials(guard, last)
        for name, step in steps.items():
            last = self._add(name, step, last)

    def _http(self, http: Http) -> None:
        if (first := self._reached(http, http.url)) is None:
            return
        if http.auth is not None:
            order = "let it ask for its secret"
            guard = Guard(self._name, http.url, http.tls, _secret_of(http.auth), Question(), order)
            first = (self._credentials(guard, *first),)
        for name, step in self._steps(http_probe(self._plan, http)).items():
            self._add(name, step, *first)

    def _ray(self, ray: Ray) -> None:
        aspects = RayAspects(self._scene, self._name, ray, self._timeout)
        self._at_home("discovery", ray.discovery_file, aspects.discovery)
        if (first := self._reached(ray, ray.url)) is None:
            return
        secret = Secret("token_file", ray.token_file)
        order = "start Ray with RAY_AUTH_MODE=token"
        guard = Guard(self._name, ray.url, ray.tls, secret, Question("/api/version"), order)
        ours = self._credentials(guard, *first)
        dashboard = self._add("dashboard", aspects.dashboard, ours)
        self._add("nodes", aspects.nodes, dashboard)

    def _reached(self, service: AnyService, url: str) -> tuple[Key, ...] | None:
        """What everything needs that asks the service; None where it is another machine's loopback address."""
        host = urlsplit(url).hostname or ""
        if self._scene.node not in service.nodes and self._scene.is_out_of_reach(host):
            why = f"{host} is the loopback address of {service.nodes[0]}: run ragpulse check there"
            self._add("port", lambda: not_checked(why))
            return None
        needs: tuple[Key, ...] = ()
        if self._scene.asks(self._name):
            needs = (self._add(FILES, partial(files.result, self._scene, (f"{self._at}.",))),)
        target = Target.of_url(url, f"{self._at}.url")
        port = self._ways.to_port(target, self._name, self._only)
        if url.startswith("https:"):
            judge = partial(trust.result, self._scene, self._name, url, service.tls, self._timeout)
            port = self._add("tls", judge, port, *needs)
        return (*needs, port)

    def _credentials(self, guard: Guard, *needs: Key) -> Key:
        accepted, guarded = credentials.aspects(self._scene, guard, self._timeout)
        key = self._add("credentials", accepted, *needs)
        if guarded is not None:
            self._add("guard", guarded, key)
        return key

    def _steps(self, probe: ServiceProbe) -> dict[str, Callable[[], Result]]:
        return probed.steps(self._scene, self._name, probe)

    def _at_home(self, aspect: str, named: str | None, run: Callable[[], Result]) -> None:
        """What can be seen on the service's own node alone."""
        if named is None:
            return
        if self._scene.is_home(self._name):
            self._add(aspect, run, (self._name, FILES))
        else:
            home = self._scene.cluster.services[self._name].nodes[0]
            self._add(aspect, lambda: not_checked(f"{named} is on {home}: run ragpulse check there"))

    def _add(self, aspect: str, run: Callable[[], Result], *needs: Key, more: float = 0.0) -> Key:
        """`more`: seconds that it may take beyond some requests."""
        if not self._scene.asks(self._name):
            run = partial(_without_secrets, run)
        check = Check(self._name, aspect, run, needs, self._only, SPARE + _REQUESTS * self._timeout + more)
        self.found.append(check)
        return check.key


def _secret_of(auth: HeaderAuth | None) -> Secret:
    return Secret("auth.value_file", auth.value_file, auth.header, auth.prefix) if auth else Secret("auth", None)


def _without_secrets(run: Callable[[], Result]) -> Result:
    try:
        return run()
    except SecretError as error:
        return not_checked(f"this node does not ask it and needs no secret of it: {error}")

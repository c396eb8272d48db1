"""The requests of the probe of a service, each as a check: the agent would find the same, and count it.

What went wrong is named by the probe's own reasons; what to do about each stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from exporters.checks.check import Result, Scene, failed, well
from exporters.http_client import Answer, Failure

if TYPE_CHECKING:
    from exporters.probe import ServiceProbe

# Of a reason, whatever the service. {service}, {home}, {at}: its key in the cluster file; {file}: that file.
_MENDS = {
    "timeout": "it takes connections and does not answer: is it stopped, overloaded, or its disk hung? see its log on"
    " {home}, and restart it when that tells nothing",
    "connect": "it hangs up: see the log of {service} on {home}",
    "tls": "see the check tls of {service}",
    "auth": "see the check credentials of {service}",
    "redirect": "write the address that it redirects to as {at}.url in {file}",
    "http_4xx": "{at}.url in {file} leads to something else, or to a version without this API: correct host and port",
    "http_5xx": "see the log of {service} on {home}: it says itself that it cannot do its work",
    "too_large": "{at}.url in {file} leads to something else: correct host and port",
    "invalid": "{at}.url in {file} leads to something else: correct host and port",
    "mismatch": "see the log of {service} on {home}; when it is well, correct what {at} in {file} expects",
}
_MENDS_OF = {
    ("chroma", "heartbeat", "http_4xx"): "correct host and port of {at}.url in {file}, or run Chroma 0.5 or 1 there",
    ("chroma", "ready", "timeout"): "its database hangs while the server lives: look for a copy, VACUUM or backup that"
    " holds chroma.sqlite3 (fuser chroma.sqlite3 on {home})",
    ("chroma", "ready", "http_4xx"): "correct {at}.tenant in {file}, or create that tenant",
    ("vllm", "ready", "invalid"): "correct {at}.model in {file}, or start vLLM with that name (--served-model-name)",
}  # fmt: skip


def steps(scene: Scene, service: str, probe: ServiceProbe) -> dict[str, Callable[[], Result]]:
    kind = scene.cluster.services[service].kind
    return {name: _run(scene, service, (kind, name), ask) for name, ask in probe.checks.items()}


def _run(scene: Scene, service: str, what: tuple[str, str], ask: Callable[[], Answer | None]) -> Callable[[], Result]:
    def run() -> Result:
        try:
            answer = ask()
        except Failure as failure:
            return failed(str(failure), mend(scene, service, what, failure.reason))
        return well(f"{1000 * answer.seconds:.1f} ms" if answer is not None else "answered")

    return run


def mend(scene: Scene, service: str, what: tuple[str, str], reason: str) -> str:
    text = _MENDS_OF.get((*what, reason)) or _MENDS.get(reason) or "see the log of {service} on {home}"
    home = scene.cluster.services[service].nodes[0]
    return text.format(service=service, home=home, at=f"services.{service}", file=scene.file)

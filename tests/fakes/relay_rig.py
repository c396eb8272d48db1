"""The adapter in this process, with receivers of every kind on a loopback server and their secrets in files."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from ragpulse.receivers import AnyReceiver, Discord, Ntfy, Telegram, Webhook
from ragpulse.relay.dead_letters import DeadLetters
from ragpulse.relay.delivery import Times
from ragpulse.relay.queue import Queue
from ragpulse.relay.relay import Relay
from ragpulse.relay.server import application
from tests.fakes import loopback
from tests.fakes.asgi_server import served
from tests.fakes.told_services import DISCORD_PATH, HOOK_PATH, NTFY_TOKEN, TELEGRAM_TOKEN, TOPIC_PATH

REMEMBERED = 200.0
GROUP = '{}/{severity="page"}:{alertname="ServiceDown", component="chroma"}'


def receivers(url: str, folder: Path) -> dict[str, AnyReceiver]:
    return {
        "discord": Discord(kind="discord", url_file=secret(folder, "discord", url + DISCORD_PATH)),
        "telegram": Telegram(
            kind="telegram", token_file=secret(folder, "telegram", TELEGRAM_TOKEN), chat_id=-7, thread_id=3, url=url
        ),
        "ntfy": Ntfy(
            kind="ntfy", url_file=secret(folder, "topic", url + TOPIC_PATH),
            token_file=secret(folder, "ntfy", NTFY_TOKEN),
        ),
        "hook": Webhook(kind="webhook", url_file=secret(folder, "hook", url + HOOK_PATH)),
    }  # fmt: skip


def secret(folder: Path, name: str, text: str) -> str:
    file = folder / f"{name}.secret"
    file.write_text(text + "\n")
    file.chmod(0o600)
    return str(file)


def webhook(*alerts: dict[str, Any], group: str = GROUP, **labels: str) -> dict[str, Any]:
    """As Alertmanager sends it."""
    listed = list(alerts) or [alert(over=False, **labels)]
    over = all(one["status"] == "resolved" for one in listed)
    return {
        "version": "4", "groupKey": group, "truncatedAlerts": 0, "status": "resolved" if over else "firing",
        "receiver": "page", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://127.0.0.1:9093", "alerts": listed,
    }  # fmt: skip


def alert(*, over: bool = False, summary: str = "chroma: nobody answers.", **labels: str) -> dict[str, Any]:
    return {
        "status": "resolved" if over else "firing",
        "labels": {
            "alertname": "ServiceDown", "severity": "page", "component": "chroma", "cluster": "tron", **labels,
        },
        "annotations": {
            "summary": summary,
            "description": "Each probe of it fails.",
            "runbook_url": "http://127.0.0.1:9478/runbooks/ServiceDown",
            "dashboard_url": "http://127.0.0.1:9478/#component-chroma",
        },
        "startsAt": "2026-11-24T03:04:05.123456789Z",
        "endsAt": "2026-11-24T03:10:00Z" if over else "0001-01-01T00:00:00Z",
        "generatorURL": "http://127.0.0.1:9090/graph",
        "fingerprint": labels.get("component", "chroma"),
    }  # fmt: skip


@dataclass
class Rig:
    url: str
    letters: Path

    def post(self, name: str, body: dict[str, Any] | bytes, **headers: str) -> httpx.Response:
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return httpx.post(
            f"{self.url}/receivers/{name}", headers=headers, trust_env=False, verify=loopback.NO_TLS, **content
        )

    def newest(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = loopback.get(f"{self.url}/receivers/{name}").json()
        return found

    def states(self, name: str) -> list[str]:
        return [one["state"] for one in self.newest(name)]

    def metrics(self) -> dict[str, float]:
        lines = loopback.get(f"{self.url}/metrics").text.splitlines()
        return {
            series: float(value)
            for series, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))
        }


@contextmanager
def relaying(
    folder: Path,
    receivers: Mapping[str, AnyReceiver],
    *,
    token_file: Path | None = None,
    verify: ssl.SSLContext = loopback.NO_TLS,
    times: Times | None = None,
) -> Iterator[Rig]:
    letters = folder / "dead-letters.jsonl"
    queue = Queue(folder / "queue.db", remembered=REMEMBERED)
    relay = Relay(receivers, queue, DeadLetters(letters), verify=verify, times=times)
    with served(application(relay, token_file)) as url:
        yield Rig(url, letters)

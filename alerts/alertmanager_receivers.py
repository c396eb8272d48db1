"""Receivers of the cluster file as Alertmanager's: by its own integrations, else through the adapter on 127.0.0.1.

Written so that the generation of `notify.alertmanager` and every newer one reads it; of secrets only the paths.
"""

from typing import Any

from ragpulse import endpoints
from ragpulse.inventory import Cluster
from ragpulse.receivers import AnyReceiver, Discord, Email, Hook, Ntfy, Pagerduty, Slack, Telegram, Webhook
from ragpulse.relayed import HEARTBEAT, relayed

_TITLE, _TEXT = '{{ template "ragpulse.title" . }}', '{{ template "ragpulse.text" . }}'
_MAIL = {"headers": {"Subject": _TITLE}, "html": '{{ template "ragpulse.html" . }}', "text": _TEXT}
_SLACK = {
    "title": _TITLE,
    "title_link": "{{ .CommonAnnotations.runbook_url }}",
    "text": '{{ template "ragpulse.slack" . }}',
    "fallback": _TITLE,
    "color": '{{ template "ragpulse.color" . }}',
    # In `text`, * and _ would be marks: names hold them.
    "mrkdwn_in": ["pretext"],
}
_TELEGRAM = {"message": f"{_TITLE}\n\n{_TEXT}", "parse_mode": ""}
_PAGERDUTY = {
    "description": _TITLE,
    "severity": '{{ if eq .CommonLabels.severity "ticket" }}warning{{ else }}critical{{ end }}',
    "component": "{{ .CommonLabels.component }}",
    "group": "{{ .CommonLabels.cluster }}",
    "class": "{{ .CommonLabels.alertname }}",
    "details": {"firing": '{{ template "ragpulse.firing" . }}', "resolved": '{{ template "ragpulse.over" . }}'},
}

Configs = dict[str, list[dict[str, Any]]]


def receiver(cluster: Cluster, name: str, members: tuple[str, ...]) -> dict[str, Any]:
    """`members`: names of the cluster file. A receiver without any is valid and tells nobody."""
    through_adapter = relayed(cluster)
    configs: Configs = {}
    for member in members:
        kind, entries = (
            ("webhook", [_by_adapter(cluster, member)])
            if member in through_adapter
            else _native(cluster.notify.receivers[member])
        )
        configs.setdefault(f"{kind}_configs", []).extend({**entry, "send_resolved": True} for entry in entries)
    return {"name": name, **configs}


def heartbeat(cluster: Cluster) -> list[dict[str, Any]]:
    """That alerting has ended must look like silence: its end is never told."""
    place = cluster.notify.heartbeat
    if place is None:
        return []
    config = _by_adapter(cluster, HEARTBEAT) if HEARTBEAT in relayed(cluster) else _hook(place)
    return [{"name": HEARTBEAT, "webhook_configs": [{**config, "send_resolved": False}]}]


def _by_adapter(cluster: Cluster, name: str) -> dict[str, Any]:
    url = f"http://{endpoints.LOOPBACK}:{cluster.monitoring.ports.relay}/receivers/{name}"
    return {"url": url, **_bearer(cluster.notify.relay_token_file)}


def _hook(place: Hook) -> dict[str, Any]:
    return {"url": place.url} if place.url is not None else {"url_file": place.url_file}


def _native(receiver: AnyReceiver) -> tuple[str, list[dict[str, Any]]]:
    """The kind as Alertmanager calls it, and its entries."""
    match receiver:
        case Webhook():
            return "webhook", [{**_hook(receiver), **_bearer(receiver.token_file)}]
        case Email():
            return "email", [_email(receiver, to) for to in receiver.to]
        case Slack():
            return "slack", [{"api_url_file": receiver.url_file, **_given(channel=receiver.channel), **_SLACK}]
        case Pagerduty():
            return "pagerduty", [{"routing_key_file": receiver.routing_key_file, "url": receiver.url, **_PAGERDUTY}]
        case Discord():
            return "discord", [{"webhook_url_file": receiver.url_file, "title": _TITLE, "message": _TEXT}]
        case Telegram():
            bot = {"bot_token_file": receiver.token_file, "chat_id": receiver.chat_id, "api_url": receiver.url}
            return "telegram", [{**bot, **_given(message_thread_id=receiver.thread_id), **_TELEGRAM}]
        case Ntfy():
            raise AssertionError("no Alertmanager tells ntfy")


def _email(receiver: Email, to: str) -> dict[str, Any]:
    login = _given(auth_username=receiver.username, auth_password_file=receiver.password_file)
    trust = {} if receiver.ca_file is None else {"tls_config": {"ca_file": receiver.ca_file}}
    return {
        "to": to,
        "from": receiver.from_,
        "smarthost": receiver.server,
        **login,
        "require_tls": receiver.require_tls,
        **trust,
        **_MAIL,
    }


def _bearer(token_file: str | None) -> dict[str, Any]:
    return {} if token_file is None else {"http_config": {"authorization": {"credentials_file": token_file}}}


def _given(**keys: Any) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if value is not None}

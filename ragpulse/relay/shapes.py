"""How each service wants to be told: https://discord.com/developers/docs/resources/webhook#execute-webhook,
https://core.telegram.org/bots/api#sendmessage, https://docs.ntfy.sh/publish; a webhook gets what Alertmanager sent.

Secrets are read from their files for each message, so that a rotated one needs no restart. Errors: `Unsendable`, whose
text names the file and nothing of its content. URLs of Discord, Telegram and many webhooks are secrets themselves.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from ragpulse import secret_file
from ragpulse.receivers import AnyReceiver, Discord, Hook, Ntfy, Telegram, Webhook
from ragpulse.relay import words
from ragpulse.relay.cut import Limit
from ragpulse.relay.notification import Notification

DISCORD = Limit(2000, "UTF-16")
TELEGRAM = Limit(4096, "UTF-16")
NTFY = Limit(4096, "bytes")

# https://docs.ntfy.sh/publish/#message-priority; what is over disturbs nobody.
_PRIORITIES = {"page": "5", "ticket": "3", "info": "2", "": "2"}
_TAGS = {"page": "rotating_light", "ticket": "warning", "info": "information_source", "": "white_check_mark"}


class Unsendable(Exception):  # noqa: N818 - a fact about a file, not a fault of ours
    """What the receiver needs cannot be read."""


@dataclass(frozen=True, slots=True)
class Post:
    # `repr` shows neither: a URL or a header may be a secret.
    url: str = field(repr=False)
    content: bytes
    headers: Mapping[str, str] = field(repr=False)


def post(receiver: AnyReceiver, body: bytes) -> Post:
    """`body`: as Alertmanager sent it, and `Notification.read` took it."""
    match receiver:
        case Discord():
            text = words.text(Notification.read(body), DISCORD)
            # A name of something that is watched must not call everybody.
            return _json(_url_in(receiver.url_file), {"content": text, "allowed_mentions": {"parse": []}})
        case Telegram():
            return _telegram(receiver, Notification.read(body))
        case Ntfy():
            return _ntfy(receiver, Notification.read(body))
        case Webhook():
            headers = {"Content-Type": "application/json", **_bearer(receiver.token_file)}
            return Post(_hook(receiver), body, headers)
        case _:
            raise AssertionError(f"Alertmanager itself tells {receiver.kind}")


def _telegram(receiver: Telegram, notification: Notification) -> Post:
    thread = {} if receiver.thread_id is None else {"message_thread_id": receiver.thread_id}
    message = {
        "chat_id": receiver.chat_id,
        **thread,
        "text": words.text(notification, TELEGRAM),
        "link_preview_options": {"is_disabled": True},
    }
    token = _secret(receiver.token_file)
    return _json(f"{receiver.url.rstrip('/')}/bot{token}/sendMessage", message)


def _ntfy(receiver: Ntfy, notification: Notification) -> Post:
    severity = words.severity(notification)
    headers = {
        # Headers are ASCII; ntfy reads RFC 2047.
        "Title": f"=?UTF-8?B?{base64.b64encode(words.title(notification).encode()).decode()}?=",
        "Priority": _PRIORITIES[severity],
        "Tags": _TAGS[severity],
        **_bearer(receiver.token_file),
    }
    return Post(_hook(receiver), words.body(notification, NTFY).encode(), headers)


def _hook(hook: Hook) -> str:
    return _url_in(hook.url_file) if hook.url is None else hook.url


def _url_in(file: str | None) -> str:
    found = _secret(file)
    try:
        url = httpx.URL(found)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host:
        raise Unsendable(f"{file} must hold a URL that begins with https:// or http://")
    return found


def _bearer(token_file: str | None) -> dict[str, str]:
    return {} if token_file is None else {"Authorization": f"Bearer {_secret(token_file)}"}


def _secret(file: str | None) -> str:
    assert file is not None  # noqa: S101 - the cluster file was checked
    try:
        return secret_file.read(Path(file))
    except OSError as error:
        raise Unsendable(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise Unsendable(f"{file} {error}") from None


def _json(url: str, message: dict[str, Any]) -> Post:
    content = json.dumps(message, ensure_ascii=False).encode()
    return Post(url, content, {"Content-Type": "application/json"})

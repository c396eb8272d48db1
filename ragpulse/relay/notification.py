"""What Alertmanager tells: its webhook, version 4, as far as a message needs it. Errors: ValueError, in one line."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError


class Alert(BaseModel):
    model_config = ConfigDict(frozen=True)

    status: str = "firing"
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    starts_at: AwareDatetime = Field(alias="startsAt")
    ends_at: AwareDatetime = Field(alias="endsAt")
    fingerprint: str = ""

    @property
    def is_over(self) -> bool:
        return self.status == "resolved"


class _Webhook(BaseModel):
    groupKey: str  # noqa: N815 - as Alertmanager spells it
    alerts: tuple[Alert, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Notification:
    """`group`: what Alertmanager tells of together, over and over, from firing to resolved."""

    group: str
    alerts: tuple[Alert, ...]

    @classmethod
    def read(cls, body: bytes) -> Self:
        try:
            webhook = _Webhook.model_validate(_whole(json.loads(body)))
        except (ValidationError, ValueError, RecursionError):
            raise ValueError("the body is no webhook of Alertmanager, version 4") from None
        return cls(webhook.groupKey, webhook.alerts)

    def identity(self, receiver: str) -> str:
        """The same for what is told once more because the answer to the first time was lost.

        Values in the text may have changed by then, so that it does not count.
        """
        states = sorted((one.fingerprint, one.status, str(one.starts_at)) for one in self.alerts)
        return hashlib.sha256(json.dumps([receiver, self.group, states]).encode()).hexdigest()[:32]


def _whole(value: Any) -> Any:
    """JSON may hold halves of characters, which no other text can."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole(key): _whole(inner) for key, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, list) else value

"""Which alerts does Alertmanager hold back, why, and what work is announced? Its API v2. Errors: `Unavailable`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter

from ragpulse.maintenance.announced import Announced, active, latest
from ragpulse.overview import http_json
from ragpulse.overview.kept_connections import KeptConnections


class _Status(BaseModel):
    state: str
    silencedBy: list[str] = []  # noqa: N815 - as the API spells it
    inhibitedBy: list[str] = []  # noqa: N815 - as the API spells it


class _Alert(BaseModel):
    labels: dict[str, str]
    status: _Status


_ALERTS = TypeAdapter(list[_Alert])
_SILENCES = TypeAdapter(list[Any])


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """An alert as Alertmanager has it. `quieted` is `silenced`, `inhibited`, or empty for one that is passed on."""

    labels: dict[str, str]
    quieted: str

    def is_the_same_as(self, labels: Mapping[str, str]) -> bool:
        """On its way Prometheus adds its external labels and takes none away."""
        return labels.items() <= self.labels.items()


class AlertmanagerApi:
    def __init__(self, connections: KeptConnections, url: str) -> None:
        self._connections = connections
        self._url = url.rstrip("/")

    async def alerts(self) -> list[KnownAlert]:
        found = await http_json.get(self._connections, f"{self._url}/api/v2/alerts", _ALERTS, {})
        return [KnownAlert(alert.labels, _quieted(alert.status)) for alert in found]

    async def announced(self) -> tuple[Announced, ...]:
        return latest(active(await http_json.get(self._connections, f"{self._url}/api/v2/silences", _SILENCES, {})))


def _quieted(status: _Status) -> str:
    if status.silencedBy:
        return "silenced"
    if status.inhibitedBy:
        return "inhibited"
    return "held back" if status.state == "suppressed" else ""

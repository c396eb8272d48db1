"""What reached the demo's receiver: each delivery with its time of arrival, as the receiver wrote it down."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Told:
    """One alert of a delivery. key: the same for the same alert."""

    alert: str
    severity: str
    is_firing: bool
    key: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """at: Unix seconds, by the clock of the receiver."""

    at: float
    told: tuple[Told, ...]

    @property
    def firing(self) -> frozenset[str]:
        """The names of the alerts that somebody is told to act on; none where all that is told is over."""
        return frozenset(each.alert for each in self.told if each.is_firing)

    @property
    def is_page(self) -> bool:
        return any(each.is_firing and each.severity == "page" for each in self.told)


class Ears:
    """`file` is only ever appended to, whole lines at a time."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def since(self, moment: float) -> list[Delivery]:
        try:
            lines = self._file.read_text().splitlines()
        except FileNotFoundError:
            return []
        found = (_delivery(json.loads(line)) for line in lines)
        return [delivery for delivery in found if delivery.at >= moment]


def not_over(deliveries: Iterable[Delivery], alert: str | None) -> set[str]:
    """The pages that were told, and `alert`, whose end was not."""
    last = {each.key: each for delivery in deliveries for each in delivery.told}
    return {each.alert for each in last.values() if each.is_firing and (each.severity == "page" or each.alert == alert)}


def counted(deliveries: Iterable[Delivery]) -> Counter[str]:
    """Alert → how often somebody was told to act on it."""
    return Counter(name for delivery in deliveries for name in delivery.firing)


def _delivery(line: dict[str, Any]) -> Delivery:
    return Delivery(
        at=line["received"],
        told=tuple(
            Told(
                alert=alert["labels"]["alertname"],
                severity=alert["labels"].get("severity", ""),
                is_firing=alert["status"] == "firing",
                key=json.dumps(alert["labels"], sort_keys=True),
            )
            for alert in line["body"]["alerts"]
        ),
    )

"""Event sets of the simulated library: what happened to a device, for whoever registered for it and waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ragpulse.demo.gpu.answers import INVALID_ARGUMENT, NOT_SUPPORTED, Refusal
from ragpulse.demo.gpu.device import Device

if TYPE_CHECKING:
    from ragpulse.demo.gpu.library import NvmlLibrary

_UNINITIALIZED, _TIMEOUT, _GPU_IS_LOST = 1, 10, 15
_SLICE = 0.05  # seconds between two looks at events that the scenario has for a later moment
_NO_INSTANCE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Event:
    at: float
    device: Device
    kind: int
    data: int


@dataclass(eq=False)
class EventSet:
    registered: dict[int, tuple[Device, int]] = field(default_factory=dict)
    told: int = 0  # of all events, how many this set has been told or was registered too late for


class Events:
    def __init__(self, library: NvmlLibrary, told: Iterable[dict[str, Any]]) -> None:
        self._library = library
        self._changed = threading.Condition()
        self._sets: dict[int, EventSet] = {}
        self._next = 0x9000
        self._events = [
            Event(event["at"], library.plugged[event["device"]], event.get("type", 8), event["data"]) for event in told
        ]

    def send(self, at: float, device: Device, kind: int, data: int) -> None:
        with self._changed:
            self._events.append(Event(at, device, kind, data))
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._sets.clear()
            self._changed.notify_all()

    def create(self) -> int:
        with self._changed:
            self._next += 0x10
            self._sets[self._next] = EventSet()
            return self._next

    def free(self, number: int) -> None:
        with self._changed:
            if self._sets.pop(number, None) is None:
                raise Refusal(INVALID_ARGUMENT)

    def register(self, number: int, device: Device, kinds: int) -> None:
        supported = device.answers.get("nvmlDeviceGetSupportedEventTypes")
        if not isinstance(supported, int) or kinds & ~supported:
            raise Refusal(NOT_SUPPORTED)
        with self._changed:
            found = self._set(number)
            if not found.registered:
                found.told = len(self._happened())
            found.registered[id(device)] = (device, kinds)

    def wait(self, number: int, milliseconds: int) -> tuple[Event, int]:
        """The next event and its instance. Errors: Refusal, that of a timeout too."""
        until = time.monotonic() + milliseconds / 1000
        with self._changed:
            while True:
                if not self._library.opened:
                    raise Refusal(_UNINITIALIZED)
                found = self._set(number)
                if (event := self._next_of(found)) is not None:
                    return event, _NO_INSTANCE
                if any(self._library.is_lost(device) for device, _ in found.registered.values()):
                    raise Refusal(_GPU_IS_LOST)
                left = until - time.monotonic()
                if left <= 0:
                    raise Refusal(_TIMEOUT)
                self._changed.wait(min(left, _SLICE))

    def _set(self, number: int) -> EventSet:
        if number not in self._sets:
            raise Refusal(INVALID_ARGUMENT)
        return self._sets[number]

    def _happened(self) -> list[Event]:
        now = self._library.now()
        return sorted((event for event in self._events if event.at <= now), key=lambda event: event.at)

    def _next_of(self, found: EventSet) -> Event | None:
        for event in self._happened()[found.told :]:
            found.told += 1
            _, kinds = found.registered.get(id(event.device), (None, 0))
            if event.kind & kinds:
                return event
        return None

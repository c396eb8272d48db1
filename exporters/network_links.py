"""Are this node's links up, how fast are they, and what do they carry? Source: /sys/class/net; bytes and packets.

Shown are interfaces of hardware, those that hold an address of the cluster file, and those that it names; no virtual
ones beside them (containers, bridges, virtual functions). A speed that the kernel does not know has no sample. A link
of a tier that is not there (any more) is down. Traffic by RDMA passes these counters by (`network_rdma`).
Errors: SourceError for a file that cannot be read or understood.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from exporters.link_reading import LinkReading
from ragpulse.catalogue.network import (
    DROPPED,
    ERRORS,
    LINK_MTU,
    LINK_SPEED,
    LINK_UP,
    RECEIVED,
    SENT,
)
from ragpulse.metric import Metric, Sample

_CLASS = "sys/class/net"
_BYTES_PER_MEGABIT = 1_000_000 / 8
_UNKNOWN_SPEED = 0x7FFFFFFF  # -1, and on some drivers the same bits without a sign
# What `speed` and `carrier` answer while an interface is switched off or has no such notion.
_NO_VALUE = (errno.EINVAL,)


class NetworkLinks(LinkReading):
    name: str = "network_links"
    emits: tuple[Metric, ...] = (LINK_UP, LINK_SPEED, LINK_MTU, RECEIVED, SENT, ERRORS, DROPPED)

    def readings(self) -> Iterator[Sample]:
        tiers = self.tiers()
        present = self._files.names(_CLASS)
        for interface in present:
            if interface in tiers or self._is_hardware(interface):
                yield from self._link(interface, tiers.get(interface, ""))
        if present:  # else the kernel tells nothing of any link
            for interface, tier in tiers.items():
                if interface not in present:
                    yield LINK_UP(0, interface=interface, tier=tier)

    def _is_hardware(self, interface: str) -> bool:
        device = f"{_CLASS}/{interface}/device"
        return self._files.exists(device) and not self._files.exists(f"{device}/physfn")

    def _link(self, interface: str, tier: str) -> Iterator[Sample]:
        labels = {"interface": interface, "tier": tier}
        up = self._up(interface)
        if up is not None:
            yield LINK_UP(up, **labels)
        megabits = self._files.number(f"{_CLASS}/{interface}/speed", absent=_NO_VALUE)
        if megabits is not None and 0 < megabits < _UNKNOWN_SPEED:
            yield LINK_SPEED(megabits * _BYTES_PER_MEGABIT, **labels)
        mtu = self._files.count(f"{_CLASS}/{interface}/mtu")
        if mtu is not None:
            yield LINK_MTU(mtu, **labels)
        for file, metric, direction in (
            ("rx_bytes", RECEIVED, {}),
            ("tx_bytes", SENT, {}),
            ("rx_errors", ERRORS, {"direction": "received"}),
            ("tx_errors", ERRORS, {"direction": "sent"}),
            ("rx_dropped", DROPPED, {"direction": "received"}),
            ("tx_dropped", DROPPED, {"direction": "sent"}),
        ):
            count = self._files.count(f"{_CLASS}/{interface}/statistics/{file}")
            if count is not None:
                yield metric(count, **labels, **direction)

    def _up(self, interface: str) -> bool | None:
        """Drivers that do not say (loopback, some virtual ones) are judged by their carrier."""
        state = self._files.text(f"{_CLASS}/{interface}/operstate")
        if state is None or state.strip() != "unknown":
            return None if state is None else state.strip() == "up"
        return self._files.number(f"{_CLASS}/{interface}/carrier", absent=_NO_VALUE) == 1

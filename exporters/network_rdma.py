"""What passes the kernel by: are this node's RDMA ports up, what do they carry, and is any of it lost or held back?

Source: /sys/class/infiniband, for RoCE and InfiniBand alike; bytes (the kernel counts words of four) and packets. The
byte counters of the interface that a RoCE port shares know nothing of its RDMA traffic. A machine without such a port
has no such folder, and no sample; a counter that a driver does not have has none either. No virtual functions.
Errors: SourceError for a file that cannot be read or understood.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Iterator

from exporters.link_reading import LinkReading
from ragpulse.catalogue.rdma import (
    CONGESTION,
    ERROR_KINDS,
    ERRORS,
    LINK_UP,
    LOSS_SIGNS,
    LOSSES,
    PORT_INFO,
    PORT_UP,
    RECEIVED,
    SEND_WAITS,
    SENT,
    SENT_PACKETS,
    SPEED,
)
from ragpulse.metric import Metric, Sample

_CLASS = "sys/class/infiniband"
_ACTIVE, _ACTIVE_DEFER, _LINK_UP = 4, 5, 5  # of `state`; of `phys_state`
_BYTES_PER_GIGABIT = 1e9 / 8
_WORD = 4  # bytes
# What a file answers that the port has no value for: an index without an address, a counter without hardware.
_NO_VALUE = (errno.EINVAL,)
_COUNTERS: tuple[tuple[str, int, Metric, dict[str, str]], ...] = (
    ("counters/port_rcv_data", _WORD, RECEIVED, {}),
    ("counters/port_xmit_data", _WORD, SENT, {}),
    ("counters/port_xmit_packets", 1, SENT_PACKETS, {}),
    ("counters/port_xmit_wait", 1, SEND_WAITS, {}),
    *((f"counters/{kind}", 1, ERRORS, {"kind": kind}) for kind in ERROR_KINDS),
    ("hw_counters/np_cnp_sent", 1, CONGESTION, {"direction": "sent"}),
    ("hw_counters/rp_cnp_handled", 1, CONGESTION, {"direction": "handled"}),
    *((f"hw_counters/{kind}", 1, LOSSES, {"kind": kind}) for kind in LOSS_SIGNS),
)


class NetworkRdma(LinkReading):
    name: str = "network_rdma"
    emits: tuple[Metric, ...] = (
        PORT_INFO, PORT_UP, LINK_UP, SPEED, RECEIVED, SENT, SENT_PACKETS, SEND_WAITS, CONGESTION, LOSSES, ERRORS,
    )  # fmt: skip

    def readings(self) -> Iterator[Sample]:
        devices = [device for device in self._files.names(_CLASS) if not self._is_virtual(device)]
        if not devices:
            return
        tiers = self.tiers()
        for device in devices:
            for number in self._files.names(f"{_CLASS}/{device}/ports"):
                interface = self._interface(device, number)
                yield from self._port(device, number, interface, tiers.get(interface, ""))

    def _is_virtual(self, device: str) -> bool:
        return self._files.exists(f"{_CLASS}/{device}/device/physfn")

    def _interface(self, device: str, number: str) -> str:
        """Of a RoCE port the one that holds its first address; else the one of the same function of the card."""
        shared = self._files.text(f"{_CLASS}/{device}/ports/{number}/gid_attrs/ndevs/0", absent=_NO_VALUE)
        if shared is not None:
            return shared.strip()
        beside = self._files.names(f"{_CLASS}/{device}/device/net")
        return beside[0] if len(beside) == 1 else ""

    def _port(self, device: str, number: str, interface: str, tier: str) -> Iterator[Sample]:
        folder, labels = f"{_CLASS}/{device}/ports/{number}", {"port": f"{device}/{number}", "tier": tier}
        layer = self._files.text(f"{folder}/link_layer", absent=_NO_VALUE)
        if layer is not None:
            yield PORT_INFO(1, **labels, interface=interface, link_layer=layer.strip())
        state = self._state(f"{folder}/state")
        if state is not None:
            yield PORT_UP(state in {_ACTIVE, _ACTIVE_DEFER}, **labels)
        link = self._state(f"{folder}/phys_state")
        if link is not None:
            yield LINK_UP(link == _LINK_UP, **labels)
        if state in {_ACTIVE, _ACTIVE_DEFER}:  # else the rate is one that was never negotiated
            speed = self._speed(f"{folder}/rate")
            if speed is not None:
                yield SPEED(speed, **labels)
        for file, factor, metric, more in _COUNTERS:
            count = self._files.count(f"{folder}/{file}", absent=_NO_VALUE)
            if count is not None:
                yield metric(count * factor, **labels, **more)

    def _state(self, name: str) -> int | None:
        """Of `4: ACTIVE` the number."""
        text = self._files.text(name, absent=_NO_VALUE)
        if text is None:
            return None
        with self._files.understood(name):
            return int(text.partition(":")[0])

    def _speed(self, name: str) -> float | None:
        """Of `200 Gb/sec (4X HDR)`, or `2.5 Gb/sec (1X SDR)`."""
        text = self._files.text(name, absent=_NO_VALUE)
        if text is None:
            return None
        with self._files.understood(name):
            gigabits, unit = text.split()[:2]
            if unit != "Gb/sec" or not 0 <= float(gigabits) < math.inf:
                raise ValueError(f"{text[:40]!r} is no rate")
            return float(gigabits) * _BYTES_PER_GIGABIT

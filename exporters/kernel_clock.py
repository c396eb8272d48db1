"""Does the kernel hold its clock for synchronised, and how far is it off? Source: adjtimex, asked and never set.

Errors: OSError when the call fails for a reason other than being refused or unknown.
"""

import ctypes
import errno
import os
from dataclasses import dataclass

_STA_UNSYNC = 0x0040
_STA_NANO = 0x2000
_TIME_ERROR = 5  # what the call returns while the clock is not synchronised
# Refused by a sandbox, or not known to it.
_REFUSED = frozenset({errno.EPERM, errno.EACCES, errno.ENOSYS})


@dataclass(frozen=True, slots=True)
class ClockState:
    """`offset`: seconds that the kernel still has to correct; None while the clock is not synchronised."""

    synchronised: bool
    offset: float | None


class Timex(ctypes.Structure):
    """struct timex of Linux; `rest` holds what is not asked for here, with room to spare."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def clock_state() -> ClockState | None:
    """None where the kernel does not let us ask."""
    libc = ctypes.CDLL(None, use_errno=True)
    timex = Timex()  # modes 0: read only
    result = libc.adjtimex(ctypes.byref(timex))
    if result < 0:
        number = ctypes.get_errno()
        if number in _REFUSED:
            return None
        raise OSError(number, f"adjtimex: {os.strerror(number)}")
    return interpreted(result, timex)


def interpreted(result: int, timex: Timex) -> ClockState:
    if result == _TIME_ERROR or timex.status & _STA_UNSYNC:
        return ClockState(synchronised=False, offset=None)
    per_second = 1_000_000_000 if timex.status & _STA_NANO else 1_000_000
    return ClockState(synchronised=True, offset=timex.offset / per_second)

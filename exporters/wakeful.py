"""A loop that hears every signal, whichever thread the kernel gives it to.

Python runs a handler in the main thread, once that runs at all; a signal that another thread was interrupted by (two
in a row are enough) leaves the main thread in its wait until somebody connects. One byte in a pair of sockets wakes it.
"""

import asyncio
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_BYTES = 4096


@contextmanager
def woken_by_signals(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Only the main thread runs handlers; in another there is nothing to wake."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, woken = socket.socketpair()
    with heard, woken:
        heard.setblocking(False)
        woken.setblocking(False)
        loop.add_reader(heard, heard.recv, _BYTES)
        before = signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            loop.remove_reader(heard)

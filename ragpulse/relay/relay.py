"""All receivers together: takes what is to be told, keeps one delivery for each receiver, and knows how they are."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Self

from ragpulse.receivers import AnyReceiver
from ragpulse.relay.dead_letters import DeadLetters
from ragpulse.relay.delivery import Delivery, Times
from ragpulse.relay.exchange import client
from ragpulse.relay.notification import Notification
from ragpulse.relay.queue import Known, Queue
from ragpulse.relay.tally import Tally
from ragpulse.relayed import HEARTBEAT

_GRACE = 3.0  # for attempts that run when we are told to end; the supervisor kills after 5 s

_log = logging.getLogger(__name__)


class Relay:
    """`verify`: whom an HTTPS connection trusts."""

    def __init__(
        self,
        receivers: Mapping[str, AnyReceiver],
        queue: Queue,
        letters: DeadLetters,
        *,
        verify: ssl.SSLContext,
        times: Times | None = None,
    ) -> None:
        self._receivers = receivers
        self._queue = queue
        self._letters = letters
        self._verify = verify
        self._times = times or Times()
        self._tally = Tally(receivers)
        self._deliveries: dict[str, Delivery] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Self]:
        """Tells until the block ends; what is not told by then stays on the disk."""
        self._bury_strays()
        async with client(self._verify) as http:
            self._deliveries = {
                name: Delivery(
                    name,
                    one,
                    queue=self._queue,
                    letters=self._letters,
                    tally=self._tally,
                    client=http,
                    times=self._times,
                )
                for name, one in self._receivers.items()
            }
            self._tasks = [asyncio.create_task(delivery.run()) for delivery in self._deliveries.values()]
            yield self
            for delivery in self._deliveries.values():
                delivery.end()
            _, late = await asyncio.wait(self._tasks, timeout=_GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._queue.close()

    def knows(self, name: str) -> bool:
        return name in self._receivers

    def accept(self, name: str, body: bytes) -> None:
        """On the disk when it returns. Errors: ValueError for what is no webhook; queue.Full; sqlite3.Error."""
        notification = Notification.read(body)
        identity = notification.identity(name)
        if name == HEARTBEAT:
            # Each is told, however alike they are, and none late: only the newest says that we live.
            self._queue.drop(name)
            identity += f" {time.time_ns()}"
        if self._queue.put(identity, name, notification.group, body):
            self._deliveries[name].wake()
        else:
            self._tally.message(name, "repeated")

    def newest(self, name: str) -> list[Known]:
        return self._queue.known(name)

    def page(self) -> str:
        return self._tally.page(self._queue.length)

    def is_well(self) -> bool:
        return not any(task.done() for task in self._tasks)

    def _bury_strays(self) -> None:
        """What still waits for somebody whom the cluster file does not name any more."""
        for name in self._queue.receivers() - self._receivers.keys():
            for message in self._queue.waiting(name):
                body, reason = self._queue.body(message.id), "unknown_receiver"
                self._letters.add(name, body, message.accepted, reason, "the cluster file does not name it any more")
                self._queue.settle(message.id, "dead_letter", reason)
                _log.error("receiver=%s result=dead_letter reason=%s", name, reason)

"""Tells one receiver what waits for it: one message at a time, each group in its order, again while there is hope.

After a failure the group waits 1 s, then twice as long up to 30 s, or as long as the receiver asks, which then holds
for all that it is to hear. Hope ends an hour after a message was accepted (`PATIENCE`). A message is told twice only
when the adapter dies between the receiver's answer and writing that down: no service can be asked whether it was told.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from ragpulse.receivers import AnyReceiver
from ragpulse.relay import shapes
from ragpulse.relay.dead_letters import DeadLetters
from ragpulse.relay.exchange import TIMEOUT, Outcome, attempt
from ragpulse.relay.queue import Queue, Waiting
from ragpulse.relay.tally import Tally
from ragpulse.stack.backoff import Backoff

PATIENCE = 3600.0
_DISK_PAUSE = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Times:
    """In seconds. `patience`: from accepting a message to giving it up; `timeout`: of one attempt."""

    patience: float = PATIENCE
    timeout: float = TIMEOUT


@dataclass(slots=True)
class _Trouble:
    due: float = 0.0
    backoff: Backoff = field(default_factory=Backoff)


class Delivery:
    def __init__(
        self,
        name: str,
        receiver: AnyReceiver,
        *,
        queue: Queue,
        letters: DeadLetters,
        tally: Tally,
        client: httpx.AsyncClient,
        times: Times,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._receiver = receiver
        self._queue = queue
        self._letters = letters
        self._tally = tally
        self._client = client
        self._times = times
        self._clock = clock
        self._woken = asyncio.Event()
        self._ending = False
        self._rests_until = 0.0
        self._troubles: dict[str, _Trouble] = {}
        # Told, though a full disk keeps us from writing that down: they are not told once more.
        self._unwritten: set[str] = set()

    def wake(self) -> None:
        self._woken.set()

    def end(self) -> None:
        """After the attempt that runs."""
        self._ending = True
        self.wake()

    async def run(self) -> None:
        while not self._ending:
            self._woken.clear()
            try:
                wait = await self._step()
            except (sqlite3.Error, OSError) as error:
                _log.error('receiver=%s error="%s"', self._name, error)
                wait = _DISK_PAUSE
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()

    async def _step(self) -> float | None:
        """Tells one that is due. Seconds until the next one is; None: nothing waits."""
        with contextlib.suppress(sqlite3.Error):
            for identity in list(self._unwritten):
                self._told(identity)
        now, first = time.monotonic(), None
        groups: set[str] = set()
        waiting = [message for message in self._queue.waiting(self._name) if message.id not in self._unwritten]
        self._troubles = {one.id: self._troubles[one.id] for one in waiting if one.id in self._troubles}
        for message in waiting:
            if message.group in groups:
                continue  # what came before it must be told before
            groups.add(message.group)
            trouble = self._troubles.get(message.id)
            due = max(self._rests_until, trouble.due if trouble else 0.0)
            if due <= now:
                await self._tell(message)
                return 0.0
            first = due if first is None else min(first, due)
        return None if first is None else first - now

    async def _tell(self, message: Waiting) -> None:
        body = self._queue.body(message.id)
        outcome = await self._attempt(body)
        if outcome.fate == "told":
            self._unwritten.add(message.id)
            self._tally.message(self._name, "delivered")
            _log.info("receiver=%s result=delivered", self._name)
            self._told(message.id)
            return
        left = message.accepted + self._times.patience - self._clock()
        if outcome.fate == "never" or left <= outcome.wait:
            self._give_up(message, body, outcome)
        else:
            self._try_again(message, outcome)

    async def _attempt(self, body: bytes) -> Outcome:
        try:
            post = shapes.post(self._receiver, body)
            return await attempt(self._client, post, self._times.timeout)
        except shapes.Unsendable as error:
            return Outcome("again", "secret", str(error))
        except Exception as error:  # noqa: BLE001 - one message that we cannot handle must not end all that follow
            return Outcome("again", "broken", f"our own fault ({type(error).__name__})")

    def _told(self, identity: str) -> None:
        self._queue.settle(identity, "delivered")
        self._unwritten.discard(identity)

    def _try_again(self, message: Waiting, outcome: Outcome) -> None:
        trouble = self._troubles.setdefault(message.id, _Trouble())
        now = time.monotonic()
        trouble.due = now + trouble.backoff.after(0.0)
        if outcome.wait:
            self._rests_until = now + outcome.wait
        self._tally.retry(self._name, outcome.reason)
        _log.warning('receiver=%s result=again reason=%s error="%s"', self._name, outcome.reason, outcome.detail)
        self._queue.note(message.id, _said(outcome))

    def _give_up(self, message: Waiting, body: bytes, outcome: Outcome) -> None:
        self._letters.add(self._name, body, message.accepted, outcome.reason, outcome.detail)
        self._queue.settle(message.id, "dead_letter", _said(outcome))
        self._tally.message(self._name, "dead_letter")
        _log.error('receiver=%s result=dead_letter reason=%s error="%s"', self._name, outcome.reason, outcome.detail)


def _said(outcome: Outcome) -> str:
    return f"{outcome.reason}: {outcome.detail}"

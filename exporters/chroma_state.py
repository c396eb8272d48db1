"""What is Chroma doing: serving, slow, locked, or gone? One verdict at each look, on its own node.

Source: two requests, the heartbeat (no token, no database) and its tenant (both); where its data lie and how much room
they have, by `stat`; the process that has them open. States, the first that applies:
down: nobody listens. hung: connections are taken and even the heartbeat does not come: stopped, or stuck.
data_moved: the database is not in its place, or the process has another file open than the one that is. Who only reads
notices nothing of it, and whatever is written is lost. disk_full: too little room for one batch, or no inode.
locked: the heartbeat is well, and what needs the database does not come; or another process has held a lock on it at
two looks in turn, beside which nothing can be written. unauthorized: our token is refused. refusing: any other error.
slow: the answers come, or at least the heartbeat, and take ten times what they take while the server is busy.
serving: all else.
Without `data_dir` what needs files is not seen, and without the right to see what Chroma has open only that its
database is missing. Errors: SecretError for the token, PartError for a folder that cannot be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from exporters import chroma_api
from exporters.chroma_files import DATABASE
from exporters.chroma_locks import holders_of_locks
from exporters.chroma_process import ChromaProcess
from exporters.http_client import Failure
from exporters.probe import Plan
from exporters.source import PartError
from ragpulse.catalogue.chroma import PROCESS_MEMORY, PROCESS_STARTED, STATE, STATES
from ragpulse.metric import Metric, Sample, one_of

if TYPE_CHECKING:
    from ragpulse.services import Chroma

# The cheapest request that needs the database takes 2 ms, and during an ingest 38 ms for one in a hundred.
SLOW = 0.4
# One batch of 5461 records (what 1.5.9 takes at most) with 1536 numbers each.
ROOM_FOR_A_BATCH = 32 * 1024 * 1024


class ChromaState:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (STATE, PROCESS_MEMORY, PROCESS_STARTED)

    def __init__(self, plan: Plan, chroma: Chroma) -> None:
        self.name = f"chroma_state:{plan.service}"
        self.interval = plan.interval
        self.timeout = 2 * plan.request_timeout + 1.0
        self._service = plan.service
        self._chroma = chroma
        self._client = chroma_api.client(chroma, plan.request_timeout)
        self._data = _Data(Path(chroma.data_dir)) if chroma.data_dir is not None else None

    def read(self) -> Iterator[Sample]:
        service, unseen = self._service, ""
        with self._client:
            try:
                state = self._state()
            except OSError as error:
                unseen = f"{error.filename}: {error.strerror}; the agent must be able to look at it"
                state = self._asked()
        yield from one_of(STATE, "state", STATES, state, service=service)
        holder = self._data.process.known() if self._data else None
        if holder is not None and (memory := holder.memory()) is not None:
            yield PROCESS_MEMORY(memory, service=service)
            yield PROCESS_STARTED(holder.started, service=service)
        if unseen:
            raise PartError(unseen)

    def _state(self) -> str:
        """Errors: OSError for a folder that cannot be looked at."""
        try:
            heartbeat = chroma_api.heartbeat(self._client)
        except Failure as failure:
            return {"connect": "down", "timeout": "hung"}.get(failure.reason, "refusing")
        if self._data is not None and (fault := self._data.fault()) is not None:
            return fault
        answered = self._asked()
        return "slow" if heartbeat.seconds > SLOW and answered in ("serving", "locked") else answered

    def _asked(self) -> str:
        try:
            tenant = chroma_api.ready(self._client, self._chroma)
        except Failure as failure:
            return {"timeout": "locked", "auth": "unauthorized", "connect": "down"}.get(failure.reason, "refusing")
        return "slow" if tenant.seconds > SLOW else "serving"


class _Data:
    def __init__(self, folder: Path) -> None:
        self.process = ChromaProcess(folder / DATABASE)
        self._folder = folder
        self._lockers: set[int] = set()

    def fault(self) -> str | None:
        """Errors: OSError."""
        if (lies_there := self.process.identity()) is None:
            return "data_moved"
        holder = self.process.found(lies_there)
        if holder is not None and holder.opened != lies_there:
            return "data_moved"
        if self._is_full():
            return "disk_full"
        before = self._lockers
        self._lockers = holders_of_locks(lies_there) - {holder.pid} if holder is not None else set()
        return "locked" if before & self._lockers else None

    def _is_full(self) -> bool:
        room = os.statvfs(self._folder)
        return room.f_bavail * room.f_frsize < ROOM_FOR_A_BATCH or (room.f_files > 0 and room.f_favail == 0)

"""Is everything that was started able to do its work, and if not: what is missing?

Ready means: each process answers its ready address, or lives on where it has none, each task is done, Prometheus has
discovered its Alertmanager, and every target that this machine started is up. Targets of other machines are theirs to
bring up.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import httpx

from ragpulse.errors import RagpulseError
from ragpulse.stack import log_file
from ragpulse.stack.identity import Identity
from ragpulse.stack.process import Process
from ragpulse.stack.state import State, Status

PATIENCE = 180.0  # seconds for everything, a cold Chroma with its vectors included
_LOOK = 0.3
_ANSWER_SECONDS = 3.0
_SIGN_OF_LIFE = 1.0  # seconds that a process without a ready address has to live
_HOPELESS_RESTARTS = 5  # with the back-off, half a minute of trying
_LOG_LINES = 8

Pending = dict[str, str]  # process → what it lacks


class NotReadyError(RagpulseError):
    """Names each process that is not ready, what it lacks, its state, and how its log ends."""


def wait_until_ready(
    state: State,
    supervisor: Identity,
    processes: Iterable[Process],
    tell: Callable[[Pending], None],
    patience: float = PATIENCE,
) -> None:
    """`tell` hears after each look what is still missing. Held processes are not waited for. Errors: NotReadyError."""
    by_name = {process.name: process for process in processes}
    end = time.monotonic() + patience
    with httpx.Client(trust_env=False, timeout=_ANSWER_SECONDS) as client:
        while True:
            statuses = state.statuses()
            missing = pending(client, by_name, statuses, state.held())
            tell(missing)
            if not missing:
                return
            if not supervisor.alive():
                raise NotReadyError(_last_words("the supervisor ended; its log ends with:", state, "supervisor"))
            hopeless = [name for name in missing if _restarts(statuses, name) >= _HOPELESS_RESTARTS]
            if hopeless or time.monotonic() > end:
                names = hopeless or list(missing)
                raise NotReadyError("\n".join(_story(state, name, missing[name], statuses.get(name)) for name in names))
            time.sleep(_LOOK)


def pending(
    client: httpx.Client,
    processes: dict[str, Process],
    statuses: dict[str, Status],
    held: set[str],
    clock: Callable[[], float] = time.time,
) -> Pending:
    missing: Pending = {}
    for name, process in processes.items():
        if name not in held and (lack := _lack(client, process, statuses.get(name), clock())):
            missing[name] = lack
    wanted = [process for name, process in processes.items() if name not in held]
    for prometheus in wanted:
        is_asked = prometheus.name.startswith("prometheus") and prometheus.name not in missing
        if is_asked and (lack := _prometheus_lack(client, prometheus, wanted)):
            missing[prometheus.name] = lack
    return missing


def _lack(client: httpx.Client, process: Process, status: Status | None, now: float) -> str | None:
    if process.task:
        return None if status is not None and status.state == "done" else "is still at work"
    if status is None or status.state != "running":
        return "does not run"
    if process.ready_url is None:
        # A start that lies ahead says only that the clock was set back.
        return "has only just started" if 0 <= now - status.since < _SIGN_OF_LIFE else None
    try:
        answer = client.get(process.ready_url)
    except httpx.HTTPError:
        return f"does not answer at {process.ready_url}"
    return None if answer.is_success else f"answers {answer.status_code} at {process.ready_url}"


def _prometheus_lack(client: httpx.Client, prometheus: Process, processes: list[Process]) -> str | None:
    base = f"http://{prometheus.listens[0]}/api/v1"
    try:
        managers = _data(client, f"{base}/alertmanagers")["activeAlertmanagers"]
        targets = _data(client, f"{base}/targets?state=active")["activeTargets"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return "does not answer its API"
    if not managers:
        return "has not discovered Alertmanager"
    health = {urlsplit(target["scrapeUrl"]).netloc: target["health"] for target in targets}
    for process in processes:
        is_agent = process.name.startswith("agent-")
        for address in (str(listen) for listen in process.listens):
            if (address in health or is_agent) and health.get(address) != "up":
                return f"has not scraped {process.name} yet"
    return None


def _data(client: httpx.Client, url: str) -> Any:
    return client.get(url).raise_for_status().json()["data"]


def _restarts(statuses: dict[str, Status], name: str) -> int:
    status = statuses.get(name)
    return status.restarts if status else 0


def _story(state: State, name: str, lack: str, status: Status | None) -> str:
    condition: str = status.state if status else "not started"
    if status is not None and status.exit_code is not None:
        condition += f", started again {status.restarts} times, last exit status {status.exit_code}"
    return _last_words(f"{name} {lack} ({condition}); {state.log(name)} ends with:", state, name)


def _last_words(first_line: str, state: State, name: str) -> str:
    return "\n".join([first_line, *(f"    {line}" for line in log_file.last_lines(state.log(name), _LOG_LINES))])

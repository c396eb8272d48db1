"""Somebody who uses the demo's services: more requests than the stand-in has slots for a while, then few, and again.

One asyncio loop, one kept connection pool per service. A service that is away costs one line when it goes and one
when it is back, and a try each second in between; nothing here ends for it.
"""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

import httpx

from ragpulse.demo.load_users import Activity, ask_chroma, ask_vllm, use_memory

_USERS = 6
_BACK_OFF_SECONDS = 1.0
_TIMEOUT_SECONDS = 10.0

log = logging.getLogger("load")


async def repeat(name: str, activity: Activity, pause: float, may_run: asyncio.Event, quiet: set[str]) -> None:
    """`quiet`: the services that are known to be away, shared by all who use them."""
    while True:
        await may_run.wait()
        try:
            await activity()
        except (httpx.HTTPError, httpx.StreamError, LookupError, TypeError, ValueError) as error:
            if name not in quiet:
                quiet.add(name)
                log.warning("%s is away: %s", name, _line(error))
            await asyncio.sleep(_BACK_OFF_SECONDS)
        else:
            if name in quiet:
                quiet.discard(name)
                log.warning("%s is back", name)
            await asyncio.sleep(pause)


async def phases(busy: asyncio.Event, busy_seconds: float, calm_seconds: float) -> None:
    while True:
        busy.set()
        await asyncio.sleep(busy_seconds)
        busy.clear()
        await asyncio.sleep(calm_seconds)


async def run(arguments: argparse.Namespace) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    always, busy = asyncio.Event(), asyncio.Event()
    always.set()
    quiet: set[str] = set()
    async with (
        _client(arguments.vllm, {"Authorization": f"Bearer {arguments.api_key}"}) as vllm,
        _client(arguments.chroma, {arguments.token_header: arguments.token}) as chroma,
        _client(arguments.memory, {}) as memory,
        asyncio.TaskGroup() as group,
    ):
        completion = ask_vllm(vllm, arguments.model)
        query = ask_chroma(chroma, arguments.collection)
        tasks = [
            group.create_task(phases(busy, arguments.busy_seconds, arguments.calm_seconds)),
            group.create_task(repeat("chroma", query, 2.0, always, quiet)),
            group.create_task(repeat("memory", use_memory(memory), 3.0, always, quiet)),
            *(
                group.create_task(repeat("vllm", completion, 0.0, busy if number else always, quiet))
                for number in range(_USERS)
            ),
        ]
        await stop.wait()
        for task in tasks:
            task.cancel()


def _client(url: str, headers: dict[str, str]) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False)


def _secret(file: str) -> str:
    return Path(file).read_text(encoding="ascii").strip()


def _line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def main() -> None:
    parser = argparse.ArgumentParser(description="The users of the demo.")
    parser.add_argument("--vllm", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--api-key-file", dest="api_key", type=_secret, required=True)
    parser.add_argument("--chroma", required=True)
    parser.add_argument("--collection", required=True)
    parser.add_argument("--token-file", dest="token", type=_secret, required=True)
    parser.add_argument("--token-header", required=True)
    parser.add_argument("--memory", required=True)
    parser.add_argument("--busy-seconds", type=float, default=45.0)
    parser.add_argument("--calm-seconds", type=float, default=15.0)
    arguments = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    asyncio.run(run(arguments))


if __name__ == "__main__":
    main()

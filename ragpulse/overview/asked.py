"""Questions to one Prometheus from a command: all of them within one time, and one line when it cannot be asked."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ragpulse import urls
from ragpulse.errors import RagpulseError
from ragpulse.inventory import Cluster
from ragpulse.overview.http_json import Unavailable
from ragpulse.overview.kept_connections import KeptConnections
from ragpulse.overview.prometheus_api import PrometheusApi

T = TypeVar("T")


class UsageError(RagpulseError):
    exit_code = 2


class NotAskedError(RagpulseError):
    """Prometheus gave no usable answer."""


def url_of(cluster: Cluster, option: str) -> str:
    """As `--prometheus` says, else that of this host. Errors: UsageError."""
    try:
        return urls.base_url(option or f"http://127.0.0.1:{cluster.monitoring.ports.prometheus}")
    except ValueError as error:
        raise UsageError(f"--prometheus: {error}") from error


def asked(url: str, question: Callable[[PrometheusApi], Coroutine[Any, Any, T]], *, within: float) -> T:
    """`within`: seconds for all of it. Errors: NotAskedError."""

    async def answer() -> T:
        async with KeptConnections() as connections, asyncio.timeout(within):
            return await question(PrometheusApi(connections, url))

    try:
        return asyncio.run(answer())
    except TimeoutError as error:
        raise NotAskedError(f"{url}: Prometheus gives no answer within {within:g} s") from error
    except Unavailable as reason:
        raise NotAskedError(f"{url}: Prometheus cannot be asked: {reason}") from reason

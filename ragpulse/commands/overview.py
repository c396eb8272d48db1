"""`ragpulse overview`: the web page that says whether each target is met."""

import gc
from pathlib import Path
from typing import Annotated

import typer

from ragpulse import urls
from ragpulse.errors import RagpulseError


def overview(
    *,
    config: Annotated[Path, typer.Option(help="The cluster file.")],
    listen: Annotated[str, typer.Option(metavar="ADDRESS:PORT", help="Where to serve the page.")] = "",
    prometheus: Annotated[str, typer.Option(metavar="URL", help="Prometheus, if not on this host.")] = "",
    alertmanager: Annotated[str, typer.Option(metavar="URL", help="Alertmanager, if not on this host.")] = "",
    notifications: Annotated[
        Path | None, typer.Option(help="A file of received notifications to show, one JSON object a line.")
    ] = None,
) -> None:
    """Serve the Overview page until stopped."""
    import uvicorn  # noqa: PLC0415 - a verb loads only what it needs

    from ragpulse import cluster_file  # noqa: PLC0415
    from ragpulse.overview.server import application  # noqa: PLC0415

    cluster = cluster_file.load(config)
    ports = cluster.monitoring.ports
    address, port = _place(listen or f"127.0.0.1:{ports.overview}")
    page = application(
        cluster,
        prometheus=_url("--prometheus", prometheus or f"http://127.0.0.1:{ports.prometheus}"),
        alertmanager=_url("--alertmanager", alertmanager or f"http://127.0.0.1:{ports.alertmanager}"),
        notifications=notifications,
    )
    # What is loaded by now stays: to look for garbage in it again and again would hold up some pages for 50 ms.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        page,
        host=address,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )


def _url(option: str, text: str) -> str:
    try:
        return urls.base_url(text)
    except ValueError as error:
        raise RagpulseError(f"{option}: {error}") from error


def _place(listen: str) -> tuple[str, int]:
    address, _, port = listen.rpartition(":")
    if not address or not port.isdecimal() or not 0 < int(port) < 65536:  # noqa: PLR2004 - ports
        raise RagpulseError(f"--listen {listen}: write it as ADDRESS:PORT, like 127.0.0.1:9478")
    return address.strip("[]"), int(port)

"""The Overview page's web server: `/`, `/api/overview.json`, `/runbooks/<Alert>?service=..&node=..`, `/healthz`.

It always answers `/`: what Prometheus does not tell is shown as unknown, with the reason.
"""

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ragpulse.inventory import Cluster
from ragpulse.overview import runbooks
from ragpulse.overview.alertmanager_api import AlertmanagerApi
from ragpulse.overview.collect import collect
from ragpulse.overview.facts import Overview
from ragpulse.overview.kept_connections import KeptConnections
from ragpulse.overview.page import REFRESH, Pages, as_json
from ragpulse.overview.prometheus_api import PrometheusApi
from ragpulse.overview.runbook_words import Words


def application(
    cluster: Cluster,
    *,
    prometheus: str,
    alertmanager: str,
    notifications: Path | None,
    clock: Callable[[], float] = time.time,
    runbook_folder: Path | None = None,
) -> Starlette:
    """`prometheus`, `alertmanager`: base URLs. `notifications`: the file that the demo's receiver writes."""
    pages = Pages(note=cluster.note)
    where = runbook_folder or runbooks.folder()
    words = Words(cluster, prometheus=prometheus, alertmanager=alertmanager, environment=os.environ)
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": pages.policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    # Connections to Prometheus are kept from page to page; `collect` bounds how long each question may take.
    connections = KeptConnections()
    apis = PrometheusApi(connections, prometheus), AlertmanagerApi(connections, alertmanager)

    async def ask() -> Overview:
        return await collect(cluster, *apis, notifications, clock(), runbooks=runbooks.names(where))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with connections:
            yield

    async def overview(request: Request) -> Response:
        refreshing = request.query_params.get("refresh") != "off"
        # The header, not a <meta> of the page: a saved copy stays what it is.
        refresh = {"Refresh": str(REFRESH)} if refreshing else {}
        return HTMLResponse(pages.overview(await ask(), refreshing=refreshing), headers=headers | refresh)

    async def overview_json(_: Request) -> Response:
        return JSONResponse(as_json(await ask(), note=cluster.note), headers=headers)

    def runbook(request: Request) -> Response:
        name = request.path_params["name"]
        text = runbooks.read(where, name)
        if text is None:
            return PlainTextResponse("There is no runbook of this name.\n", status_code=404, headers=headers)
        subjects = words.subjects(text, request.query_params)
        return HTMLResponse(pages.runbook(name, runbooks.html(words.fill(text, subjects)), subjects), headers=headers)

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n", headers=headers)

    return Starlette(
        routes=[
            Route("/", overview),
            Route("/api/overview.json", overview_json),
            Route("/runbooks/{name}", runbook),
            Route("/healthz", healthz),
        ],
        lifespan=lifespan,
    )

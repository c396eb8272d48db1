"""How the demo's own HTTP services run: on 127.0.0.1 only, quietly."""

import uvicorn
from starlette.types import ASGIApp


def serve(app: ASGIApp, port: int) -> None:
    """Until SIGTERM or SIGINT. A taken port ends the process with status 1 and one line."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )

"""`python -m ragpulse.relay --config F --folder DIR`: tells those receivers which Alertmanager cannot tell itself.

`DIR` takes `queue.db` and `dead-letters.jsonl`. Exit status: 1 for a taken port, 2 for a wrong cluster file.
"""

import argparse
import logging
import os
import socket
import sqlite3
import ssl
import sys
from pathlib import Path

import uvicorn

from ragpulse import cluster_file, line_log
from ragpulse.endpoints import LOOPBACK
from ragpulse.errors import RagpulseError
from ragpulse.relay.dead_letters import DeadLetters
from ragpulse.relay.queue import Queue
from ragpulse.relay.relay import Relay
from ragpulse.relay.server import application
from ragpulse.relayed import relayed

# In scrape intervals: Alertmanager gives a notification up after six, and sends it again with its group's next turn.
_REMEMBERED = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="ragpulse.relay", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=[line_log.to_stderr()])
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of each request with its URL, which may be a secret
    try:
        cluster = cluster_file.load(arguments.config)
    except RagpulseError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    receivers = relayed(cluster)
    if not receivers:
        print(f"{arguments.config}: notify: Alertmanager itself tells everybody; no adapter is needed", file=sys.stderr)
        return 2
    port = cluster.monitoring.ports.relay
    try:
        # Before anything is told: two adapters at one queue would tell everything twice.
        listener = socket.create_server((LOOPBACK, port))
        queue = Queue(arguments.folder / "queue.db", remembered=_REMEMBERED * cluster.monitoring.scrape_interval)
    except OSError as error:
        print(f"{error.filename or f'{LOOPBACK}:{port}'}: {os.strerror(error.errno or 0)}", file=sys.stderr)
        return 1
    except sqlite3.Error as error:
        print(f"{arguments.folder / 'queue.db'}: {error}", file=sys.stderr)
        return 1
    token_file = cluster.notify.relay_token_file
    letters = DeadLetters(arguments.folder / "dead-letters.jsonl")
    relay = Relay(receivers, queue, letters, verify=ssl.create_default_context())
    app = application(relay, Path(token_file) if token_file else None)
    server = uvicorn.Server(
        uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="on", server_header=False, timeout_graceful_shutdown=1
        )
    )
    server.run(sockets=[listener])
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())

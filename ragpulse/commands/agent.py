"""`ragpulse agent --config F --node N [--listen ADDR:PORT]`: run the agent of one node.

Read with argparse, so that a node needs neither typer nor rich in memory.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from exporters import ending, log
from ragpulse import read_apart
from ragpulse.errors import ConfigError, Problem

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster


def main(arguments: Sequence[str]) -> NoReturn:
    """Ends the process itself once the agent ends. Errors: UnreadError, ConfigError, ListenError; SystemExit."""
    options = _parser().parse_args(arguments)

    log.to_stderr()
    ending.end_at_once(options.node)

    def read() -> Cluster:
        cluster = read_apart.read(options.config)
        _require_node(cluster, options.node, options.config)
        return cluster

    # httpx loads its own command line, with click and rich, wherever it finds click; a node has no use for them.
    sys.modules["click"] = None  # type: ignore[assignment]

    from exporters import agent  # noqa: PLC0415 - wrong usage is told before the libraries are loaded

    ending.leave(agent.run(read, options.node, options.listen))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ragpulse agent", description="Run the agent of one node: its sources, its probes, its metrics page."
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the cluster file")
    parser.add_argument("--node", required=True, metavar="NAME", help="the node of the cluster file that this is")
    parser.add_argument(
        "--listen",
        type=_place,
        metavar="ADDR:PORT",
        help="where to listen, instead of the node's own address and port",
    )
    return parser


def _place(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    address = address.removeprefix("[").removesuffix("]")
    if not address or not port.isascii() or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - highest port
        raise argparse.ArgumentTypeError(f"{text!r} is not ADDR:PORT; write it like 127.0.0.1:9477")
    return address, int(port)


def _require_node(cluster: Cluster, node: str, file: Path) -> None:
    if node in cluster.nodes:
        return
    nearest = difflib.get_close_matches(node, cluster.nodes, n=1)
    mend = f"did you mean {nearest[0]}?" if nearest else f"it has: {', '.join(cluster.nodes)}"
    raise ConfigError(str(file), [Problem("nodes", f"has no node {node!r} (--node); {mend}")])

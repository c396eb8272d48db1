"""`ragpulse agent --config F --node N [--listen ADDR:PORT]`: run the agent of one node.

`--record FILE` and `--self-test` look at this machine's GPUs instead, and end. Read with argparse, so that a node needs
neither typer nor rich in memory.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from exporters import ending, log
from ragpulse import atomic, read_apart
from ragpulse.errors import ConfigError, Problem, RagpulseError

if TYPE_CHECKING:
    from ragpulse.inventory import Cluster


def main(arguments: Sequence[str], load: Callable[[], Any] | None = None) -> NoReturn:
    """Ends the process itself once the agent ends. `load` gives another binding of NVML than that of this machine.

    Errors: UnreadError, ConfigError, ListenError, RagpulseError; OSError for a file to record into; SystemExit.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.record or options.self_test:
        _look_at_gpus(options.record)
        sys.exit(0)
    if options.config is None or options.node is None:
        parser.error("--config and --node are needed (or --record or --self-test)")

    log.to_stderr()
    ending.end_at_once(options.node)

    def read() -> Cluster:
        cluster = read_apart.read(options.config)
        _require_node(cluster, options.node, options.config)
        return cluster

    # httpx loads its own command line, with click and rich, wherever it finds click; a node has no use for them.
    sys.modules["click"] = None  # type: ignore[assignment]

    from exporters import agent, nvml  # noqa: PLC0415 - wrong usage is told before the libraries are loaded

    gpus = nvml.Nvml(load) if load else nvml.Nvml()
    ending.leave(agent.run(read, options.node, options.listen, gpus))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ragpulse agent", description="Run the agent of one node: its sources, its probes, its metrics page."
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="the cluster file")
    parser.add_argument("--node", metavar="NAME", help="the node of the cluster file that this is")
    parser.add_argument(
        "--listen",
        type=_place,
        metavar="ADDR:PORT",
        help="where to listen, instead of the node's own address and port",
    )
    looks = parser.add_mutually_exclusive_group()
    looks.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="write down for a minute what the GPUs of this machine answer, with identifiers masked, and end",
    )
    looks.add_argument(
        "--self-test", action="store_true", help="show which question about its GPUs works here, at what cost, and end"
    )
    return parser


def _look_at_gpus(file: Path | None) -> None:
    from exporters import gpu_record, gpu_selftest, nvml, nvml_error  # noqa: PLC0415 - an agent uses none of the first two

    gpus = nvml.Nvml()
    try:
        if file is None:
            for line in gpu_selftest.SelfTest(gpus).lines():
                print(line, flush=True)
            return
        with atomic.beside(file, ""):
            gpus.open()  # a file that cannot be written is told before the minute has passed
        print(f"recording for {gpu_record.SECONDS:g} s ...", file=sys.stderr)
        scenario = gpu_record.Recorder(gpus).record(gpu_record.SECONDS)
        gpu_record.write(file, scenario)
        print(f"{file}: {len(scenario['devices'])} GPUs recorded, identifiers masked")
    except nvml_error.NvmlError as error:
        raise RagpulseError(f"no GPU can be looked at here: {error}") from error
    finally:
        gpus.close()


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

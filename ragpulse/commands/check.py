"""`ragpulse check`: from this node, is every connection of the cluster as the cluster file says, and what if not?

With --static nothing is connected to. Exit status 0 where nothing failed, 1 where something did, 2 for what `up` would
refuse: the cluster file, and the files that it names for this node.
"""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from exporters.checks.build import build, chosen
from exporters.checks.check import Check, Key, Result, Scene
from exporters.checks.files import FILES
from exporters.checks.order import results
from ragpulse import cluster_file, node_files, yaml_file
from ragpulse.commands import check_show, check_static
from ragpulse.errors import RagpulseError
from ragpulse.inventory import Cluster
from ragpulse.stack.telling import Telling
from ragpulse.stack.this_node import own_addresses, this_node

_FAILED, _REFUSED = 1, 2


class ServiceError(RagpulseError):
    """A service that the cluster file does not have, or options that exclude each other."""

    exit_code = 2


def check(
    *,
    services: Annotated[list[str] | None, typer.Argument(metavar="[SERVICE]...", help="These alone.")] = None,
    config: Annotated[Path, typer.Option(help="The cluster file.")] = Path("cluster.yaml"),
    node: Annotated[str | None, typer.Option(help="Which node this machine is [default: by its addresses].")] = None,
    static: Annotated[bool, typer.Option("--static", help="Connect to nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Judge every connection of the cluster from this node, and say what to do about each that fails."""
    document = yaml_file.read(config)
    if static:
        if services or as_json:
            raise ServiceError("--static judges the whole cluster file, as a table: leave out what stands beside it")
        check_static.judge(document, config, node)
        return
    cluster = cluster_file.parse(document, str(config))
    _require(cluster, config, services or [])
    here = this_node(cluster, node, own_addresses())
    problems = tuple(node_files.problems(cluster, here, document))
    checks = build(Scene(cluster, here, str(config), problems))
    if services:
        checks = chosen(checks, frozenset(services))
    begin = time.monotonic()
    found = _run(checks, quiet=as_json)
    show = check_show.as_json if as_json else check_show.as_table
    show(check_show.Report(cluster.name, here, time.monotonic() - begin, checks, found))
    if status := _status(found):
        raise typer.Exit(status)


def _require(cluster: Cluster, config: Path, services: Iterable[str]) -> None:
    for name in services:
        if name not in cluster.services:
            listed = ", ".join(cluster.services) or "none"
            raise ServiceError(f"{config}: there is no service {name}; it has {listed}")


def _run(checks: list[Check], *, quiet: bool) -> dict[Key, Result]:
    if quiet:
        return results(checks, lambda _found, _running: None)
    telling = Telling()

    def tell(found: Mapping[Key, Result], running: Iterable[Key]) -> None:
        if telling.console.is_terminal:
            now = ", ".join(": ".join(key) for key in running)
            telling.step(f"{len(found)} of {len(checks)} known; asking {now}")

    with telling.at_work():
        return results(checks, tell)


def _status(found: Mapping[Key, Result]) -> int:
    bad = [aspect for (_, aspect), result in found.items() if result.state == "failed"]
    return _REFUSED if FILES in bad else _FAILED if bad else 0

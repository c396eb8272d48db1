"""`ragpulse check --static`: everything that can be judged of a cluster before anything is started or connected to.

The cluster file, the files that this node needs, what is generated from it (by promtool and amtool, where they are at
hand), and remarks. Exit status 2 for what `up` would refuse.
"""

import os
import tempfile
from collections.abc import Sized
from dataclasses import dataclass, field
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from alerts import alertmanager
from ragpulse import cluster_file, node_files, yaml_file
from ragpulse.commands.generate import files
from ragpulse.errors import ConfigError, RagpulseError
from ragpulse.inventory import Cluster
from ragpulse.remarks import remarks
from ragpulse.stack import config_in_use
from ragpulse.stack.binaries import at_hand
from ragpulse.stack.telling import Telling
from ragpulse.stack.this_node import NodeError, own_addresses, this_node


class RefusedError(RagpulseError):
    """Everything that `up` would refuse."""

    exit_code = 2


@dataclass(slots=True)
class Findings:
    """Rows of the table, and what makes the command fail."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    errors: list[RagpulseError] = field(default_factory=list)

    def well(self, what: str, detail: str) -> None:
        self.rows.append((what, "well", detail))

    def note(self, what: str, detail: str) -> None:
        self.rows.append((what, "note", detail))

    def wrong(self, what: str, detail: str, error: RagpulseError) -> None:
        self.rows.append((what, "wrong", detail))
        self.errors.append(error)


def judge(document: yaml_file.Document, config: Path, node: str | None) -> None:
    """Prints what was found. Errors: ConfigError, NodeError, RefusedError."""
    cluster = cluster_file.parse(document, str(config))
    findings = Findings()
    findings.well(str(config), f"{_count(cluster.nodes, 'node')}, {_count(cluster.services, 'service')}")
    _node(findings, cluster, config, node, document)
    _generated(findings, cluster)
    for path, text, _ in remarks(cluster):
        findings.note(f"line {document.line(path)}", f"{yaml_file.key_path(path)}: {text}")
    _show(findings)
    if findings.errors:
        raise RefusedError("\n".join(map(str, findings.errors)))


def _node(findings: Findings, cluster: Cluster, config: Path, named: str | None, document: yaml_file.Document) -> None:
    try:
        node = this_node(cluster, named, own_addresses())
    except NodeError as error:
        if named is not None:
            raise
        findings.note("files of the node", f"not looked at: {error}")
        return
    what = f"files of {node}"
    if problems := node_files.problems(cluster, node, document):
        findings.wrong(what, _count(problems, "problem"), ConfigError(str(config), problems))
    else:
        findings.well(what, f"{len(list(node_files.needed(cluster, node)))} needed here")


def _generated(findings: Findings, cluster: Cluster) -> None:
    rendered = files(cluster)
    for text in alertmanager.notes(cluster):
        findings.note("generated files", text)
    binaries = at_hand(os.environ, lambda text: findings.note("generated files", text))
    if binaries is None:
        findings.note("generated files", f"{len(rendered)} rendered; no promtool and amtool at hand to judge them")
        return
    with tempfile.TemporaryDirectory(prefix="ragpulse-check-") as folder:
        try:
            config_in_use.stage(rendered, Path(folder) / "config", binaries)
        except config_in_use.RefusedError as error:
            findings.wrong("generated files", "refused", error)
        else:
            findings.well("generated files", f"{len(rendered)}, judged by {binaries.promtool} and {binaries.amtool}")


def _show(findings: Findings) -> None:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("what", "result", "detail"):
        table.add_column(title, overflow="fold")
    for row in findings.rows:
        table.add_row(*row)
    Telling().console.print(table)


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'s' * (len(things) != 1)}"

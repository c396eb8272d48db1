"""`ragpulse generate`: from the cluster file to every file that Prometheus, Alertmanager and Grafana read.

`files` is what other commands call. An earlier run's files that are no longer wanted are removed; they are known by
the mark that each generated file carries, so what a person put beside them stays.
"""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from alerts import alertmanager, prometheus
from alerts.coverage_document import coverage_document, detection_times
from alerts.render import render as rules
from alerts.routes import routes_document
from dashboards.render import boards, provisioning
from exporters.vllm_document import with_names
from ragpulse import atomic, cluster_file, node_files, refusal, yaml_file
from ragpulse.errors import RagpulseError
from ragpulse.generated import MARK
from ragpulse.inventory import Cluster
from ragpulse.key_tables import with_tables
from ragpulse.memory_document import with_presets
from ragpulse.metrics_document import metrics_document
from ragpulse.schema import schema_text

# Where the repository keeps what was generated from the example.
_COMMITTED = {
    "prometheus": "alerts/generated/prometheus",
    "alertmanager": "alerts/generated/alertmanager",
    "dashboards": "dashboards/generated",
    "grafana": "compose/grafana",
}
_OUR_FOLDERS = (
    "prometheus",
    "prometheus/rules",
    "prometheus/targets",
    "alertmanager",
    "alertmanager/templates",
    "dashboards",
    "grafana/provisioning/datasources",
    "grafana/provisioning/dashboards",
)


class NoPlaceError(RagpulseError):
    """The options do not say where to write."""

    exit_code = 2


def files(cluster: Cluster) -> dict[str, str]:
    """Relative path → content; the same cluster gives the same bytes."""
    return {
        **_under("prometheus", prometheus.render(cluster)),
        **_under("prometheus/rules", rules(cluster)),
        **_under("alertmanager", alertmanager.render(cluster)),
        **_under("dashboards", boards(cluster)),
        **_under("grafana/provisioning", provisioning(cluster)),
    }


def write(wanted: dict[str, str], folder: Path, our_folders: tuple[str, ...] = _OUR_FOLDERS) -> list[str]:
    """Bring `folder` to `wanted`, all of it or nothing; says what was done. Errors: OSError."""
    found = list(differences(wanted, folder, our_folders))
    atomic.write_all({folder / name: wanted[name] for name, _ in found if name in wanted})
    for name, _ in found:
        if name not in wanted:
            (folder / name).unlink()
    return [f"{'wrote' if name in wanted else 'removed'} {name}" for name, _ in found]


def differences(
    wanted: dict[str, str], folder: Path, our_folders: tuple[str, ...] = _OUR_FOLDERS
) -> Iterator[tuple[str, str]]:
    """Each file that is not as it should be, with what is wrong."""
    for name, content in wanted.items():
        path = folder / name
        if not path.is_file():
            yield name, "is missing"
        elif path.read_bytes() != content.encode():
            yield name, "differs"
    for ours in our_folders:
        for path in sorted((folder / ours).glob("*")):
            name = f"{ours}/{path.name}"
            if name not in wanted and path.is_file() and MARK.encode() in path.read_bytes():
                yield name, "not wanted any more"


def generate(
    *,
    config: Annotated[Path, typer.Option(help="The cluster file.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write into.")] = None,
    committed: Annotated[
        bool, typer.Option("--committed", help="Write where the repository around the cluster file keeps them.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when a file is not current.")] = False,
) -> None:
    """Write the Prometheus, Alertmanager and Grafana files of a cluster."""
    cluster = cluster_file.load(config)
    folder, wanted, ours = _place(cluster, config, out, committed=committed)
    for note in (*alertmanager.notes(cluster), *_wrong_files(cluster)):
        print(f"note: {note}")
    if check:
        found = list(differences(wanted, folder, ours))
        for name, what in found:
            print(f"{folder / name}: {what}")
        if found:
            print(f"{len(found)} of {len(wanted)} files are not current: run the command without --check")
            raise typer.Exit(1)
        print(f"{len(wanted)} files in {folder} are current")
        return
    with refusal.told(folder, "--out"):
        done = write(wanted, folder, ours)
    print("\n".join([*done, f"{len(wanted)} files in {folder} are current"]))


def _wrong_files(cluster: Cluster) -> Iterator[str]:
    """Of those that Alertmanager reads, which need not be on this machine."""
    for needed in node_files.of_notify(cluster.notify):
        for text in node_files.wrong_with(needed):
            yield f"{yaml_file.key_path(needed.key)}: {text} (on this machine)"


def _place(
    cluster: Cluster, config: Path, out: Path | None, *, committed: bool
) -> tuple[Path, dict[str, str], tuple[str, ...]]:
    if committed == (out is not None):
        raise NoPlaceError("say either where to write (--out FOLDER) or --committed")
    wanted = files(cluster)
    if out is not None:
        return out, wanted, _OUR_FOLDERS
    root = config.absolute().parent
    if not all((root / package).is_dir() for package in ("alerts", "dashboards", "docs")):
        raise NoPlaceError(f"{root} is not the repository of ragpulse: --committed is for its own example")
    moved = {_committed(name): content for name, content in wanted.items()}
    return root, {**moved, **_documents(root, cluster)}, tuple(_committed(name) for name in _OUR_FOLDERS)


def _documents(root: Path, cluster: Cluster) -> dict[str, str]:
    schema = schema_text()
    configuration, vllm, memory = "docs/configuration-documentation.md", "docs/vllm.md", "docs/memory.md"
    return {
        "docs/metrics.md": metrics_document(),
        "docs/routes.md": routes_document(cluster),
        "docs/alerts.md": coverage_document((cluster,), detection_times(root / "docs" / "detection-times.json")),
        "docs/cluster.schema.json": schema,
        configuration: with_tables((root / configuration).read_text(), json.loads(schema)),
        vllm: with_names((root / vllm).read_text()),
        memory: with_presets((root / memory).read_text()),
    }


def _committed(name: str) -> str:
    head, *rest = PurePosixPath(name).parts
    return str(PurePosixPath(_COMMITTED[head], *rest))


def _under(folder: str, rendered: dict[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": content for name, content in rendered.items()}

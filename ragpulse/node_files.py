"""Which files does a node need that the cluster file names, and what is wrong with them on this machine?

Needed are those of the services that live there (their first node) or are probed from there, alone or as a stage of a
path, of the backups that it
makes, and of the receivers where an Alertmanager runs. Nothing is connected to, and nothing is changed.
"""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ragpulse import tls_files
from ragpulse.backups import Backup
from ragpulse.borg.location import local_folder
from ragpulse.errors import Problem
from ragpulse.inventory import Cluster
from ragpulse.location import Path_
from ragpulse.model import Part
from ragpulse.notify import Notify
from ragpulse.rag_stages import stages
from ragpulse.secret_file import MAX_BYTES, is_open_to_all, secret_in
from ragpulse.services import WATCHED, AnyService, Chroma, HeaderAuth, Http, Memory, Rag, RagStage, Ray, Tls, Vllm
from ragpulse.vantage import home, vantages
from ragpulse.yaml_file import Document, key_path

What = Literal["secret", "file", "folder"]


@dataclass(frozen=True, slots=True)
class Needed:
    """`later`: it may come into being when the service runs, so that its absence says nothing.
    `whole`: who reads it takes its line end for a part of the secret.
    """

    key: Path_
    file: Path
    what: What
    later: bool = False
    whole: bool = False


def needed(cluster: Cluster, node: str) -> Iterator[Needed]:
    for name, service in cluster.services.items():
        at: Path_ = ("services", name)
        if asks(cluster, node, name):
            yield from _of_requests(at, service)
        if node == home(cluster, name):
            yield from _of_its_home(at, service)
    for name, backup in cluster.backups.items():
        if node == backup.node:
            yield from _of_a_backup(("backups", name), backup)
    if node in cluster.monitoring_nodes():
        yield from of_notify(cluster.notify)


def problems(cluster: Cluster, node: str, document: Document) -> list[Problem]:
    found = [(one.key, text) for one in needed(cluster, node) for text in wrong_with(one)]
    for name, service in cluster.services.items():
        if service.tls is not None and asks(cluster, node, name):
            found += [(("services", name, "tls", key), text) for key, text in tls_files.problems(service.tls)]
    return [Problem(key_path(path), f"{text} (on {node})", document.line(path)) for path, text in found]


def of_notify(notify: Notify) -> Iterator[Needed]:
    parts: dict[Path_, Part | None] = {("receivers", name): one for name, one in notify.receivers.items()}
    for at, part in {**parts, ("heartbeat",): notify.heartbeat, (): notify}.items():
        for key, value in part or ():
            if key.endswith("_file") and value is not None:
                what: What = "file" if key == "ca_file" else "secret"
                # Alertmanager trims what it reads, but for the password of a mail server.
                yield Needed(("notify", *at, key), Path(value), what, whole=key == "password_file")


def asks(cluster: Cluster, node: str, service: str) -> bool:
    """A path asks the services of its stages with their own credentials."""
    entry = cluster.services[service]
    is_probed = isinstance(entry, WATCHED)
    return (
        (node == home(cluster, service) and not isinstance(entry, Rag))
        or (is_probed and node in vantages(cluster, service))
        or any(
            node in vantages(cluster, name) and any(stage.service == service for stage in stages(cluster, path))
            for name, path in cluster.of_kind(Rag).items()
        )
    )


def _of_requests(at: Path_, service: AnyService) -> Iterator[Needed]:
    match service:
        case Vllm(api_key_file=str(file)):
            yield Needed((*at, "api_key_file"), Path(file), "secret")
        case Chroma(token_file=str(file)) | Ray(token_file=str(file)):
            yield Needed((*at, "token_file"), Path(file), "secret")
        case Memory(auth=HeaderAuth() as auth) | Http(auth=HeaderAuth() as auth):
            yield Needed((*at, "auth", "value_file"), Path(auth.value_file), "secret")
        case Rag():
            for index, stage in enumerate(service.stages):
                yield from _of_a_stage((*at, "stages", index), stage)
    yield from _of_tls(at, service.tls)


def _of_a_stage(at: Path_, stage: RagStage) -> Iterator[Needed]:
    if stage.auth is not None:
        yield Needed((*at, "auth", "value_file"), Path(stage.auth.value_file), "secret")
    yield from _of_tls(at, stage.tls)


def _of_tls(at: Path_, tls: Tls | None) -> Iterator[Needed]:
    if tls is not None:
        for key, text in (("ca_file", tls.ca_file), ("cert_file", tls.cert_file), ("key_file", tls.key_file)):
            if text is not None:
                yield Needed((*at, "tls", key), Path(text), "file")


def _of_its_home(at: Path_, service: AnyService) -> Iterator[Needed]:
    match service:
        case Ray(discovery_file=str(file)):
            yield Needed((*at, "discovery_file"), Path(file), "file", later=True)
        case Chroma():
            if service.data_dir is not None:
                yield Needed((*at, "data_dir"), Path(service.data_dir), "folder")
            if service.canary is not None and service.canary.golden_file is not None:
                yield Needed((*at, "canary", "golden_file"), Path(service.canary.golden_file), "file")


def _of_a_backup(at: Path_, backup: Backup) -> Iterator[Needed]:
    if backup.state_file is not None:
        yield Needed((*at, "state_file"), Path(backup.state_file), "file", later=True)
    if backup.passphrase_file is not None:
        yield Needed((*at, "passphrase_file"), Path(backup.passphrase_file), "secret")
    if backup.repository is not None and (folder := local_folder(backup.repository)) is not None:
        yield Needed((*at, "repository"), folder, "folder")


def wrong_with(needed: Needed) -> Iterator[str]:
    file = needed.file
    try:
        mode = file.stat().st_mode
        if needed.what == "folder":
            if not stat.S_ISDIR(mode):
                yield f"{file} is not a folder"
            return
        if not stat.S_ISREG(mode):
            yield f"{file} is not a file"
            return
        yield from _wrong_content(needed, mode)
    except FileNotFoundError:
        if not needed.later:
            yield f"{file} does not exist"
    except OSError as error:
        yield f"{file} cannot be read: {error.strerror}"
    except ValueError as error:
        yield f"{file} {error}"


def _wrong_content(needed: Needed, mode: int) -> Iterator[str]:
    """Errors: OSError; ValueError says what is wrong with it."""
    file = needed.file
    with file.open("rb") as opened:
        content = opened.read(MAX_BYTES + 1)
    if needed.what == "secret":
        secret_in(content)
    if needed.whole and content.endswith(b"\n"):
        yield f"{file} ends with a line end, which would be sent as part of the secret; run: truncate -s -1 {file}"
    if (needed.what == "secret" or needed.key[-1] == "key_file") and is_open_to_all(file):
        yield f"{file} is open to every user of this machine (mode {mode & 0o777:04o}); run: chmod o= {file}"

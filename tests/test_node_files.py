"""The files that a node needs: asked for where they are used, and judged on the disk of this machine."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ragpulse import cluster_file, node_files, yaml_file
from ragpulse.secret_file import is_open_to_all
from tests.fakes.certificates import Authority, new_authority

TWO_NODES = """\
cluster: tron
nodes:
  sark: {{address: 127.0.0.1}}
  clu: {{address: 127.0.0.2}}
  flynn: {{address: 127.0.0.3}}
services:
  chroma:
    kind: chroma
    nodes: [sark]
    probe_from: [clu]
    url: https://127.0.0.1:8001
    token_file: {folder}/token
    data_dir: {folder}/data
    canary: {{collection: canary, golden_file: {folder}/golden.json}}
    tls: {{ca_file: {folder}/ca.pem, cert_file: {folder}/own.pem, key_file: {folder}/own.key}}
  ray: {{kind: ray, nodes: [sark], discovery_file: {folder}/discovery.json}}
backups:
  recorded: {{kind: borg, node: sark, state_file: {folder}/state.json, repository: {folder}/repository}}
  listed: {{kind: borg, node: flynn, repository: "ssh://borg@host/./r", passphrase_file: {folder}/phrase}}
monitoring: {{nodes: [clu]}}
notify:
  receivers: {{phone: {{kind: webhook, url_file: {folder}/phone}}}}
  page: [phone]
"""
Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def folder(tmp_path: Path, authority: Authority) -> Path:
    """Everything that the cluster file names, as it should be. Nobody else enters the folder of pytest."""
    return filled(tmp_path, authority)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody enters; those that pytest makes lie below one that keeps others out."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def filled(folder: Path, authority: Authority) -> Path:
    own = authority.issue("sark")
    for name, content in {
        "token": b"sesame\n",
        "phrase": b"open says me\n",
        "phone": b"https://phone.example/hook\n",
        "golden.json": b"{}",
        "ca.pem": authority.certificate.read_bytes(),
        "own.pem": own.certificate.read_bytes(),
        "own.key": own.key.read_bytes(),
    }.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    (folder / "data").mkdir()
    (folder / "repository").mkdir()
    return folder


def told(folder: Path, node: str) -> list[str]:
    document = yaml_file.parse(TWO_NODES.format(folder=folder), "c.yaml")
    cluster = cluster_file.parse(document, "c.yaml")
    found = node_files.problems(cluster, node, document)
    return [f"{one.line}: {one.key}: {one.text}".replace(f"{folder}/", "") for one in found]


@pytest.mark.parametrize("node", ["sark", "clu", "flynn"])
def test_files_as_they_should_be_are_no_problem(folder: Path, node: str) -> None:
    assert told(folder, node) == []


def test_each_node_is_asked_for_what_it_uses_and_for_nothing_else(tmp_path: Path) -> None:
    keys = {node: [line.split(": ")[1] for line in told(tmp_path, node)] for node in ("sark", "clu", "flynn")}
    requests = [f"services.chroma.{key}" for key in ("token_file", "tls.ca_file", "tls.cert_file", "tls.key_file")]
    assert keys == {
        "sark": [
            *requests,
            "services.chroma.data_dir",
            "services.chroma.canary.golden_file",
            "backups.recorded.repository",
        ],
        "clu": [*requests, "notify.receivers.phone.url_file"],
        "flynn": ["backups.listed.passphrase_file"],
    }


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param(
            lambda folder: (folder / "token").unlink(),
            "12: services.chroma.token_file: token does not exist (on sark)",
            id="missing",
        ),
        pytest.param(
            lambda folder: (folder / "token").write_text(" \n"),
            "12: services.chroma.token_file: token is empty; it must hold the secret (on sark)",
            id="empty",
        ),
        pytest.param(
            lambda folder: (folder / "token").write_text("sesame\nopen\n"),
            "12: services.chroma.token_file: token must hold the secret on one line and nothing else (on sark)",
            id="two lines",
        ),
        pytest.param(
            lambda folder: (folder / "token").write_text("s" * 5000),
            "12: services.chroma.token_file: token must hold the secret on one line and nothing else (on sark)",
            id="a whole log",
        ),
        pytest.param(
            lambda folder: (folder / "token").write_text("sésame\n"),
            "12: services.chroma.token_file: token is not ASCII text (on sark)",
            id="not ASCII",
        ),
        pytest.param(
            lambda folder: to_pipe(folder / "token"),
            "12: services.chroma.token_file: token is not a file (on sark)",
            id="a pipe that nobody writes to",
        ),
        pytest.param(
            lambda folder: (folder / "data").rmdir() or (folder / "data").write_text(""),
            "13: services.chroma.data_dir: data is not a folder (on sark)",
            id="a file where data lie",
        ),
        pytest.param(
            lambda folder: (folder / "ca.pem").write_text("no certificate"),
            "15: services.chroma.tls.ca_file: ca.pem holds no certificate (PEM) (on sark)",
            id="an authority that is none",
        ),
        pytest.param(
            lambda folder: (folder / "own.pem").write_text("no certificate"),
            "15: services.chroma.tls.cert_file: own.pem holds no certificate (PEM) (on sark)",
            id="a certificate that is none",
        ),
        pytest.param(
            lambda folder: (folder / "own.key").write_text("no key"),
            "15: services.chroma.tls.key_file: own.key holds no private key (PEM) (on sark)",
            id="a key that is none",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(folder: Path, change: Change, line: str) -> None:
    change(folder)
    assert told(folder, "sark") == [line]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("discovery.json", "16: services.ray.discovery_file: discovery.json is not a file (on sark)"),
        ("state.json", "18: backups.recorded.state_file: state.json is not a file (on sark)"),
    ],
)
def test_what_is_written_later_may_be_missing_and_must_be_readable(folder: Path, name: str, line: str) -> None:
    assert told(folder, "sark") == []
    (folder / name).mkdir()
    assert told(folder, "sark") == [line]


class TestCertificates:
    def test_a_key_of_another_certificate_is_told(self, folder: Path, authority: Authority) -> None:
        (folder / "own.key").write_bytes(authority.issue("clu").key.read_bytes())
        assert told(folder, "clu") == ["15: services.chroma.tls.key_file: own.key is not the key of own.pem (on clu)"]

    def test_one_that_expired_is_told_with_its_day(self, folder: Path, authority: Authority) -> None:
        old = authority.issue("old", days=-1)
        (folder / "own.pem").write_bytes(old.certificate.read_bytes())
        (folder / "own.key").write_bytes(old.key.read_bytes())
        [line] = told(folder, "sark")
        assert "own.pem expired on 20" in line
        assert line.endswith("; get a new one (on sark)")

    def test_an_authority_that_expired_is_told(self, folder: Path, authority: Authority) -> None:
        expired(authority, folder).replace(folder / "ca.pem")
        [line] = told(folder, "sark")
        assert "ca.pem expired on 20" in line

    def test_an_encrypted_key_is_told_and_no_password_is_asked_for(self, folder: Path) -> None:
        encrypt(folder / "own.key")
        [line] = told(folder, "sark")
        assert "own.key is encrypted, and nobody is there to give its password" in line


class TestOpenToAll:
    @pytest.fixture
    def secret(self, open_folder: Path) -> Path:
        file = open_folder / "secret"
        file.write_text("sesame")
        return file

    @pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o666])
    def test_a_secret_that_everybody_can_read_or_change_is_open(self, secret: Path, mode: int) -> None:
        secret.chmod(mode)
        assert is_open_to_all(secret)

    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o400, 0o601])
    def test_a_secret_of_its_owner_and_group_is_not(self, secret: Path, mode: int) -> None:
        secret.chmod(mode)
        assert not is_open_to_all(secret)

    def test_a_folder_that_keeps_others_out_keeps_the_secret(self, secret: Path) -> None:
        secret.chmod(0o644)
        secret.parent.chmod(0o700)
        assert not is_open_to_all(secret)

    def test_a_link_is_as_open_as_what_it_leads_to(self, secret: Path) -> None:
        link = secret.with_name("link")
        link.symlink_to(secret)
        secret.chmod(0o600)
        assert not is_open_to_all(link)
        secret.chmod(0o644)
        assert is_open_to_all(link)

    def test_a_mount_of_container_secrets_is_the_containers_own(self) -> None:
        """/proc is a mount on every Linux, and its files are readable by all."""
        assert is_open_to_all(Path("/proc/version"))
        assert not is_open_to_all(Path("/proc/version"), container_secrets=Path("/proc"))

    def test_a_plain_folder_of_that_name_is_not(self, secret: Path) -> None:
        secret.chmod(0o644)
        assert is_open_to_all(secret, container_secrets=secret.parent)

    def test_it_is_told_with_its_mode_and_what_to_run(self, open_folder: Path, authority: Authority) -> None:
        folder = filled(open_folder, authority)
        (folder / "token").chmod(0o644)
        (folder / "own.key").chmod(0o640)
        (folder / "own.pem").chmod(0o644)
        [line] = told(folder, "sark")
        assert line.startswith(
            "12: services.chroma.token_file: token is open to every user of this machine (mode 0644)"
        )
        assert line.endswith("; run: chmod o= token (on sark)")


def to_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def encrypt(key: Path) -> None:
    plain = key.rename(key.with_suffix(".plain"))
    openssl("pkey", "-in", plain, "-aes256", "-passout", "pass:sesame", "-out", key)


def expired(authority: Authority, folder: Path) -> Path:
    """A certificate of an authority, signed by itself, whose time has passed."""
    request, certificate = folder / "old.csr", folder / "old.pem"
    extension = ("-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-new", "-key", authority.key, "-subj", "/CN=old.test", *extension, "-out", request)
    signed = ("-signkey", authority.key, "-days", "-1", "-copy_extensions", "copy")
    openssl("x509", "-req", "-in", request, *signed, "-out", certificate)
    return certificate


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


def test_who_walks_a_path_needs_the_files_of_all_that_it_asks(folder: Path) -> None:
    text = TWO_NODES.format(folder=folder).replace(
        "  ray:",
        f"""\
  rag:
    kind: rag
    nodes: [sark]
    probe_from: [flynn]
    stages:
      - {{operation: retrieval, service: chroma}}
      - operation: chat
        url: https://127.0.0.1
        auth: {{value_file: {folder}/key}}
        tls: {{ca_file: {folder}/ca.pem}}
  ray:""",
    ).replace("    data_dir:", "    query: {collection: documents}\n    data_dir:")  # fmt: skip
    cluster = cluster_file.parse(yaml_file.parse(text, "c"), "c")
    keys = {node: {".".join(map(str, one.key)) for one in node_files.needed(cluster, node)} for node in cluster.nodes}
    walked = {
        "services.chroma.token_file",
        "services.rag.stages.1.auth.value_file",
        "services.rag.stages.1.tls.ca_file",
    }
    assert walked <= keys["flynn"]
    assert not {key for key in (*keys["sark"], *keys["clu"]) if key.startswith("services.rag")}

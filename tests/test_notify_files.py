"""The secrets of receivers: asked for where Alertmanager runs, and judged on the disk of this machine."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragpulse import cluster_file, node_files, yaml_file

NOTIFIED = """\
cluster: c
nodes: {{a: {{address: 127.0.0.1}}, b: {{address: 127.0.0.2}}}}
notify:
  receivers:
    mail:
      kind: email
      to: a@example.org
      from: b@example.org
      server: mail.example.org:587
      username: c
      password_file: {folder}/password
      ca_file: {folder}/ca.pem
    pager: {{kind: pagerduty, routing_key_file: {folder}/pager}}
    topic: {{kind: ntfy, url_file: {folder}/topic, token_file: {folder}/token}}
  heartbeat: {{url_file: {folder}/heartbeat}}
  relay_token_file: {folder}/relay
"""
KEYS = {
    "password": "receivers.mail.password_file",
    "ca.pem": "receivers.mail.ca_file",
    "pager": "receivers.pager.routing_key_file",
    "topic": "receivers.topic.url_file",
    "token": "receivers.topic.token_file",
    "heartbeat": "heartbeat.url_file",
    "relay": "relay_token_file",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """That everybody enters; those that pytest makes lie below one that keeps others out."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def told(folder: Path, node: str = "a") -> list[str]:
    document = yaml_file.parse(NOTIFIED.format(folder=folder), "c.yaml")
    found = node_files.problems(cluster_file.parse(document, "c.yaml"), node, document)
    return [f"{one.key}: {one.text}".replace(f"{folder}/", "") for one in found]


def fill(folder: Path) -> None:
    for name in KEYS:
        (folder / name).write_text("sesame" if name == "password" else "sesame\n")
        (folder / name).chmod(0o644 if name == "ca.pem" else 0o600)


def test_every_file_is_needed_on_the_monitoring_node_and_nowhere_else(folder: Path) -> None:
    assert told(folder, "b") == []
    assert told(folder, "a") == [f"notify.{key}: {name} does not exist (on a)" for name, key in KEYS.items()]


def test_files_as_they_should_be_are_no_problem(folder: Path) -> None:
    fill(folder)
    assert told(folder) == []


@pytest.mark.parametrize("name", [name for name in KEYS if name != "ca.pem"])
def test_one_that_is_empty_or_open_to_all_is_one_line(folder: Path, name: str) -> None:
    fill(folder)
    (folder / name).write_text("")
    assert told(folder) == [f"notify.{KEYS[name]}: {name} is empty; it must hold the secret (on a)"]
    (folder / name).write_text("sesame")
    (folder / name).chmod(0o604)
    text = f"{name} is open to every user of this machine (mode 0604); run: chmod o= {name} (on a)"
    assert told(folder) == [f"notify.{KEYS[name]}: {text}"]


def test_a_password_of_a_mail_server_ends_where_its_file_ends(folder: Path) -> None:
    """`test_alertmanager_delivery` would log in with the line end."""
    fill(folder)
    (folder / "password").write_text("sesame\n")
    text = "ends with a line end, which would be sent as part of the secret; run: truncate -s -1 password"
    assert told(folder) == [f"notify.receivers.mail.password_file: password {text} (on a)"]

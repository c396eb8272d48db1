"""Whatever a service answers, every check of it ends with a result of its own, and no secret stands in any of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from exporters.checks.build import build
from exporters.checks.check import Key, Result, Scene
from exporters.checks.order import results
from ragpulse import cluster_file
from tests.fakes.hostile_answers import FIELDS, VALUES, routes
from tests.fakes.hostile_server import hostile, routed
from tests.fakes.hostile_watch import SECRET
from tests.fakes.hostile_wire import FAST, MISLEADING, SLOW, answer

NOT_FOUND = answer(b"", status=b"404 Not Found")
# One of each sort; the client itself is held against all of them elsewhere.
WIRE = (
    *MISLEADING, "garbage", "a body cut off", "resets at once", "redirects ever deeper", "status 999",
    "a thousand headers", "the request for a status", "drips its body",
)  # fmt: skip
FILE = """\
cluster: one
nodes: {{box: {{address: 127.0.0.1, port: 1}}}}
services:
  vllm: {{kind: vllm, nodes: [box], url: '{url}', model: m, api_key_file: {secret}, timeout: {seconds}, canary: {{timeout: {seconds}}}}}
  chroma:
    {{kind: chroma, nodes: [box], url: '{url}', token_file: {secret}, query: {{collection: documents}}, timeout: {seconds}}}
  memory:
    kind: memory
    nodes: [box]
    url: '{url}'
    timeout: {seconds}
    auth: {{value_file: {secret}}}
    health: {{path: /status, json_field: status}}
    ready: {{path: /status, json_field: status}}
    search: {{path: /search, method: POST, json: {{query: any}}, json_field: status}}
  site: {{kind: http, nodes: [box], url: '{url}/status', auth: {{value_file: {secret}}}, redirects: 3, timeout: {seconds}}}
  ray: {{kind: ray, nodes: [box], url: '{url}', token_file: {secret}, timeout: {seconds}}}
"""  # noqa: E501 - lines of a YAML file


def found(
    folder: Path, server: Callable[[], AbstractContextManager[str]], *, site: bool = True, seconds: str = "3s"
) -> dict[Key, Result]:
    secret, file = folder / "secret", folder / "cluster.yaml"
    secret.write_text(SECRET)
    with server() as url:
        text = FILE.format(url=url, secret=secret, seconds=seconds)
        file.write_text(text if site else text.partition("  site:")[0])
        return results(build(Scene(cluster_file.load(file), "box", str(file))), lambda _found, _running: None)


def contained(found: dict[Key, Result]) -> None:
    for key, result in found.items():
        said = f"{result.detail} {result.mend}"
        assert "this check broke" not in said, key
        assert "given up" not in said, key
        assert SECRET not in said, key
        assert said.isprintable(), key
        assert (result.state == "failed") == bool(result.mend), key


@pytest.mark.parametrize("name", WIRE)
def test_whatever_is_on_the_wire_ends_as_a_result(name: str, tmp_path: Path) -> None:
    seen = found(tmp_path, partial(hostile, {**SLOW, **FAST, **MISLEADING}[name]), seconds="300ms")
    contained(seen)
    # A reset may come before the port has been judged.
    assert seen["chroma", "heartbeat"].state in {"failed", "skipped"}
    assert {seen["vllm", aspect].state for aspect in ("model", "completion")} <= {"failed", "skipped"}


def test_what_is_well_is_found_well(tmp_path: Path) -> None:
    seen = found(tmp_path, partial(hostile, routed(routes(), NOT_FOUND)), site=False)
    contained(seen)
    assert {key for key, result in seen.items() if result.state == "failed"} == {
        ("vllm", "model"), ("vllm", "metrics"), ("vllm", "guard"), ("chroma", "guard"), ("memory", "guard"),
    }  # fmt: skip


@pytest.mark.parametrize(("path", "field"), FIELDS)
def test_whatever_stands_in_a_field_ends_as_a_result(path: str, field: tuple[str | int, ...], tmp_path: Path) -> None:
    for name in ("nothing", "a list of objects", "a text of control characters", "an integer of 5,000 digits"):
        seen = found(tmp_path, partial(hostile, routed(routes(path, field, VALUES[name]), NOT_FOUND)), site=False)
        contained(seen)

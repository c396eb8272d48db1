"""Clocks: what is known is as fine as what was asked, and only what is certainly off fails."""

import time
from email.utils import formatdate
from pathlib import Path

import pytest

from exporters.checks import clocks
from exporters.checks.check import Result, Scene
from exporters.kernel_clock import ClockState
from ragpulse import cluster_file
from tests.fakes.http_replay import Behaviour, Conversation, Replay, hang, replay_server, reply, reply_json

NS = 1_000_000_000


def judged(folder: Path, service: str, replay: Replay) -> Result:
    file = folder / "cluster.yaml"
    file.write_text(
        "cluster: two\nnodes: {near: {address: 127.0.0.2}, far: {address: 127.0.0.1, port: 1}}\n"
        f"services: {{it: {{kind: {service}, nodes: [far], url: '{replay.url}'}}}}\n"
    )
    return clocks.other(Scene(cluster_file.load(file), "near", str(file)), "far")


def heartbeat(off: float) -> Behaviour:
    def behave(talk: Conversation) -> None:
        reply_json({"nanosecond heartbeat": time.time_ns() + int(off * NS)})(talk)

    return behave


def date(off: float) -> Behaviour:
    def behave(talk: Conversation) -> None:
        reply(404, Date=formatdate(time.time() + off, usegmt=True))(talk)

    return behave


@pytest.mark.parametrize(
    ("off", "state"), [(0.0, "well"), (0.9, "well"), (-0.9, "well"), (3.0, "failed"), (-3.0, "failed")]
)
def test_the_heartbeat_of_chroma_is_as_fine_as_the_way_is_short(
    tmp_path: Path, replay: Replay, off: float, state: str
) -> None:
    replay.get("/api/v2/heartbeat", heartbeat(off))
    result = judged(tmp_path, "chroma", replay)
    assert result.state == state
    assert "by the heartbeat of it" in result.detail
    assert "± 1" not in result.detail


@pytest.mark.parametrize(("off", "state"), [(0.0, "well"), (-3600.0, "failed"), (5.0, "failed")])
def test_the_date_of_any_answer_tells_whole_seconds(tmp_path: Path, replay: Replay, off: float, state: str) -> None:
    replay.get("/", date(off))
    result = judged(tmp_path, "http", replay)
    assert (result.state, "by the Date of it (whole seconds)" in result.detail) == (state, True)
    assert state == "well" or "timedatectl" in result.mend


@pytest.mark.parametrize(
    "answer",
    [
        reply_json({"nanosecond heartbeat": "soon"}), reply_json({"nanosecond heartbeat": True}),
        reply_json({"nanosecond heartbeat": 10**400}), reply_json([]), reply(500), reply(200, Date="yesterday"),
    ],
)  # fmt: skip
def test_what_tells_no_time_is_passed_over(tmp_path: Path, replay: Replay, answer: Behaviour) -> None:
    replay.get("/api/v2/heartbeat", answer)
    assert judged(tmp_path, "chroma", replay) == Result("not checked", "nothing on it told the time")


def test_what_hangs_is_passed_over_for_the_next(tmp_path: Path) -> None:
    with replay_server() as chroma, replay_server("127.0.0.1") as site:
        chroma.get("/api/v2/heartbeat", hang)
        site.get("/", date(0.0))
        file = tmp_path / "cluster.yaml"
        file.write_text(
            "cluster: two\nnodes: {near: {address: 127.0.0.2}, far: {address: 127.0.0.1, port: 1}}\nservices:\n"
            f"  chroma: {{kind: chroma, nodes: [far], url: '{chroma.url}'}}\n"
            f"  site: {{kind: http, nodes: [far], url: '{site.url}/'}}\n"
        )
        result = clocks.other(Scene(cluster_file.load(file), "near", str(file)), "far")
    assert (result.state, "by the Date of site" in result.detail) == ("well", True)


@pytest.mark.parametrize(
    ("kernel", "state"),
    [
        (ClockState(synchronised=True, offset=0.0012), "well"),
        (ClockState(synchronised=False, offset=None), "note"),
        (None, "not checked"),
    ],
)
def test_of_its_own_clock_a_node_says_what_the_kernel_does(
    tmp_path: Path, kernel: ClockState | None, state: str
) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text("cluster: one\nnodes: {near: {address: 127.0.0.2}}\n")
    result = clocks.own(Scene(cluster_file.load(file), "near", str(file)), lambda: kernel)
    assert result.state == state
    assert "adjtimex" in result.detail
    assert state != "well" or "+1.2 ms" in result.detail


def test_what_lives_elsewhere_tells_nothing_of_the_node(tmp_path: Path, replay: Replay) -> None:
    """A URL that is not the node's own is a proxy's, and so is the clock behind it."""
    replay.get("/", date(-3600.0))
    file = tmp_path / "cluster.yaml"
    file.write_text(
        "cluster: two\nnodes: {near: {address: 127.0.0.2}, far: {address: 127.0.0.3, port: 1}}\n"
        f"services: {{it: {{kind: http, nodes: [far], url: '{replay.url}/'}}}}\n"
    )
    assert clocks.other(Scene(cluster_file.load(file), "near", str(file)), "far").state == "not checked"

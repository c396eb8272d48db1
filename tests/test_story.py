"""The main job, end to end, on real servers: up, watched, broken on purpose, noticed, mended, down."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml
from PIL import Image, ImageChops

from ragpulse import cluster_file
from ragpulse.services import Vllm
from tests.fakes import loopback
from tests.fakes.board_json import drawn, filled_in, panels
from tests.fakes.board_json import expressions as panel_expressions

ROOT = Path(__file__).parent.parent
ABSENT = yaml.safe_load((ROOT / "tests" / "not_on_this_machine.yaml").read_text())
NOTICED_WITHIN = 70.0  # seconds from `demo stop` to the notification at the receiver
# The same from `demo fault hang`, and to the state of it, which is known a scrape after the agent knows.
STALLED_WITHIN, HANG_NOTICED_WITHIN, SCRAPE = 30.0, 90.0, 5.0
pytestmark = [pytest.mark.story, pytest.mark.no_cover]  # what is tested runs in processes of its own


@dataclass(frozen=True)
class Stack:
    state: Path
    ports_from: int

    def ragpulse(self, *arguments: str, check: bool = True) -> str:
        result = subprocess.run(
            [sys.executable, "-m", "ragpulse", *arguments, "--state", str(self.state)],
            capture_output=True, text=True, check=False, cwd=self.state.parent, timeout=240,
        )  # fmt: skip
        assert not check or result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    def up(self) -> str:
        return self.ragpulse("up", "--ports-from", str(self.ports_from))

    @cached_property
    def ports(self) -> dict[str, int]:
        """Asked for once it is up; a second `up` changes nothing."""
        cluster = cluster_file.load(self.state / "cluster.yaml")
        return dict(cluster.monitoring.ports.model_dump())

    def ask_prometheus(self, path: str, **parameters: str) -> Any:
        url = f"http://127.0.0.1:{self.ports['prometheus']}/api/v1/{path}"
        answer = loopback.get(url, params=parameters, timeout=10).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def has_data(self, expression: str) -> bool:
        return bool(self.ask_prometheus("query", query=expression)["result"])

    def page(self) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.ports['overview']}/api/overview.json"
        page: dict[str, Any] = loopback.get(url, timeout=10).json()
        return page

    def verdicts(self) -> dict[tuple[str, str], str]:
        return {(o["slo"], o["service"]): str(o["verdict"]) for o in self.page()["objectives"]}

    def component(self, name: str) -> str:
        return next(str(c["state"]) for c in self.page()["components"] if c["name"] == name)

    def notifications(self) -> list[dict[str, Any]]:
        lines = self.state / "notifications.jsonl"
        return [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []

    def picture(self, file: Path) -> Image.Image:
        url = f"http://127.0.0.1:{self.ports['overview']}/"
        subprocess.run([ROOT / "documents" / "scripts" / "picture", file, url], check=True, timeout=60)
        return Image.open(file).convert("RGB")


def wait_for(what: str | Callable[[], str], seconds: float, truth: Callable[[], Any]) -> Any:
    """Polls a real condition of another process until it holds; `seconds` is when to give up, not how long it takes."""
    end = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < end:
        try:
            if last := truth():
                return last
        except httpx.HTTPError as error:
            last = error
        time.sleep(0.5)
    raise AssertionError(f"{what() if callable(what) else what}: not within {seconds:g} s (last: {last!r})")


def free_ports(count: int) -> int:
    """The first of `count` neighbouring ports that nobody uses on the demo's addresses."""
    for base in range(21000, 29000, count):
        try:
            for port in range(base, base + count):
                for address in ("127.0.0.1", "127.0.0.2"):
                    with socket.socket() as probe:
                        probe.bind((address, port))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("story") / "state", free_ports(8))
    stack.up()
    try:
        yield stack
    finally:
        stack.ragpulse("down", check=False)


def selectors(expression: str) -> set[str]:
    """The vector selectors of an expression: an alert is silent when all is well, its inputs must never be."""
    found = re.findall(r"(?<![\w:\"])((?:ragpulse|prometheus|up\b|scrape)[\w:]*(?:\{[^}]*\})?)", expression)
    return {match for match in found if not match.startswith("ALERTS")}


_SOON = 30.0  # seconds
_ALL_VECTORS = 'sum(ragpulse_chroma_collection_records{collection!="ragpulse-canary"}) == 10000'


def excused(expression: str) -> bool:
    return any(entry["part"] in expression for entry in ABSENT)


def test_the_main_job(stack: Stack, tmp_path: Path) -> None:
    _everything_is_watched(stack)
    later = _every_expression_has_data(stack)
    _green(stack, tmp_path)
    _second_up_takes_seconds(stack)
    _a_stopped_chroma_is_noticed(stack, tmp_path)
    _a_hung_vllm_is_noticed_while_a_started_chroma_is(stack)
    wait_for(lambda: f"data for {sorted(later)}", 130, lambda: _drop_those_with_data(stack, later))
    _down_leaves_nothing(stack)


def _everything_is_watched(stack: Stack) -> None:
    targets = stack.ask_prometheus("targets")["activeTargets"]
    assert {target["labels"]["job"] for target in targets} >= {"ragpulse-agent", "prometheus", "alertmanager"}
    assert {target["labels"].get("node") for target in targets} >= {"alpha", "beta"}
    assert all(target["health"] == "up" for target in targets), targets
    wait_for(
        # They are counted once a minute, and the first count may have met a collection that was still being filled.
        "10,000 vectors are counted",
        130,
        lambda: stack.has_data(_ALL_VECTORS),
    )
    assert stack.has_data('ragpulse_chroma_info{version="0.5.23"}')
    assert stack.has_data("ragpulse_chroma_auth_enforced == 1")


def _every_expression_has_data(stack: Stack) -> set[str]:
    """Recording rules and board expressions as they stand; of alerts, which are silent when all is well, the inputs.

    Returned: those that ask for what is recorded so seldom that the first record may be minutes away.
    """
    expressions: set[str] = set()
    seldom: set[str] = set()
    for group in stack.ask_prometheus("rules")["groups"]:
        for rule in group["rules"]:
            assert rule["health"] in {"ok", "unknown"}, rule
            if group["interval"] > _SOON:
                seldom |= {rule["name"]} if rule["type"] == "recording" else set()
                continue
            expressions |= {rule["query"]} if rule["type"] == "recording" else selectors(rule["query"])
    for board in drawn(cluster_file.load(stack.state / "cluster.yaml")).values():
        asked_by_panels = {expression for panel in panels(board) for expression in panel_expressions(panel)}
        expressions |= {filled_in(each, cluster="demo", node=".*") for each in asked_by_panels}
    assert len(expressions) > 50
    asked = {expression for expression in expressions if not any(name in expression for name in seldom)}
    without = {expression for expression in asked if not excused(expression)}
    wait_for(lambda: f"data for {sorted(without)}", 60, lambda: _drop_those_with_data(stack, without))
    assert not [entry for entry in ABSENT if "empty" in entry and stack.has_data(entry["empty"])], (
        "has data after all: take it off the list"
    )
    return {expression for expression in expressions - asked if not excused(expression)}


def _drop_those_with_data(stack: Stack, without: set[str]) -> bool:
    without -= {expression for expression in without if stack.has_data(expression)}
    return not without


def _green(stack: Stack, folder: Path) -> None:
    def all_met() -> bool:
        verdicts = stack.verdicts()
        return {v for (slo, _), v in verdicts.items() if slo != "gpu_utilization"} == {"met"}

    wait_for("every target that can be judged here is met", 120, all_met)
    assert stack.verdicts()["gpu_utilization", "vllm"] == "not judgeable"
    states = {component["name"]: component["state"] for component in stack.page()["components"]}
    assert states == dict.fromkeys(("alpha", "beta", "chroma", "memory", "rag", "vllm"), "up")
    assert "demo" in stack.page()["banner"]["note"].lower()
    stack.picture(folder / "green.png")


def _second_up_takes_seconds(stack: Stack) -> None:
    start = time.monotonic()
    assert "already" in stack.up()
    assert time.monotonic() - start < 10


def _a_stopped_chroma_is_noticed(stack: Stack, folder: Path) -> None:
    stopped = time.time()
    stack.ragpulse("demo", "stop", "chroma")
    told = wait_for("a notification", NOTICED_WITHIN + 20, lambda: _notified(stack, "firing", "chroma", stopped))
    assert told["received"] - stopped <= NOTICED_WITHIN
    print(f"\nstopped → notified: {told['received'] - stopped:.1f} s")
    wait_for("the page says so", 20, lambda: stack.component("chroma") == "down")
    wait_for("the target is missed", 20, lambda: stack.verdicts()["availability", "chroma"] == "missed")
    assert stack.verdicts()["availability", "memory"] == "met", "one fault costs one service"
    green, red = Image.open(folder / "green.png").convert("RGB"), stack.picture(folder / "red.png")
    assert _reddish(red) > 4 * _reddish(green), "the page does not look red"


def _reddish(picture: Image.Image) -> int:
    """Pixels of a strong red; a few more, so that the ratio of two pictures stays finite."""
    red, green, blue = (
        channel.point(_at_least(limit)) for channel, limit in zip(picture.split(), (150, 90, 90), strict=True)
    )
    strong = ImageChops.subtract(ImageChops.subtract(red, green), blue)
    return 50 + strong.histogram()[255]


def _at_least(limit: int) -> list[int]:
    return [255 if value >= limit else 0 for value in range(256)]


def _a_hung_vllm_is_noticed_while_a_started_chroma_is(stack: Stack) -> None:
    """The one breaks while the other is mended: neither has to do with the other, and time is dear."""
    started = time.time()
    stack.ragpulse("demo", "start", "chroma")
    stack.ragpulse("demo", "fault", "hang")
    hung = time.time()
    stalled = 'ragpulse_vllm_state{service="vllm",state="stalled"} == 1'
    wait_for("it is seen", STALLED_WITHIN + 20, lambda: stack.has_data(stalled))
    seen = time.time() - hung
    assert seen <= STALLED_WITHIN + SCRAPE
    told = wait_for("a notification", HANG_NOTICED_WITHIN + 20, lambda: _notified(stack, "firing", "vllm", hung))
    assert told["received"] - hung <= HANG_NOTICED_WITHIN
    print(f"\nhung → stalled: {seen:.1f} s → notified: {told['received'] - hung:.1f} s")
    assert _answers(stack, "/health"), "it looks well from outside"
    assert _answers(stack, "/metrics")
    assert stack.component("vllm") == "degraded"
    wait_for("the target is missed", 20, lambda: stack.verdicts()["availability", "vllm"] == "missed")
    wait_for("the alert is resolved", 120, lambda: _notified(stack, "resolved", "chroma", started))
    wait_for("the page is green again", 120, lambda: stack.verdicts()["availability", "chroma"] == "met")
    assert stack.component("chroma") == "up"
    wait_for("its vectors are counted again", 90, lambda: stack.has_data(_ALL_VECTORS))
    stack.ragpulse("demo", "mend")
    wait_for("it serves again", 60, lambda: stack.component("vllm") == "up")
    assert _pages_about(stack, "vllm", hung) == {"VllmStalled"}, "one fault is one page"
    assert not _pages_about(stack, "rag", 0), "what breaks the path was told"


def _pages_about(stack: Stack, service: str, since: float) -> set[str]:
    return {
        alert["labels"]["alertname"]
        for line in stack.notifications()
        if line["received"] >= since
        for alert in line["body"]["alerts"]
        if alert["labels"].get("service") == service and alert["labels"]["severity"] == "page"
    }


def _answers(stack: Stack, path: str) -> bool:
    vllm = cluster_file.load(stack.state / "cluster.yaml").services["vllm"]
    assert isinstance(vllm, Vllm)
    return loopback.get(f"{vllm.url}{path}").status_code == 200


def _notified(stack: Stack, status: str, service: str, since: float) -> dict[str, Any] | None:
    for line in stack.notifications():
        for alert in line["body"]["alerts"]:
            if line["received"] >= since and alert["status"] == status and alert["labels"].get("service") == service:
                return line
    return None


def _down_leaves_nothing(stack: Stack) -> None:
    ports = set(range(stack.ports_from, stack.ports_from + 8))
    stack.ragpulse("down")
    assert not [p for p in psutil.process_iter() if _belongs_to(p, stack.state)]
    listening = {c.laddr.port for c in psutil.net_connections("inet") if c.laddr and c.status == psutil.CONN_LISTEN}
    assert not ports & listening


def _belongs_to(process: psutil.Process, state: Path) -> bool:
    try:
        return process.environ().get("RAGPULSE_STATE_DIR") == str(state) and process.pid != os.getpid()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False

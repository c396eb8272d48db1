"""Agents stopped for real, at the usual interval: how long until nothing on the boards and on the page is good?

Both agents of a demo, real Prometheus with the shipped rules, the Overview page as a process. A stopped process still
accepts connections and never answers; a killed one refuses them.
"""

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from ragpulse import cluster_file
from ragpulse.commands.generate import files
from ragpulse.stack.plan import monitoring_processes
from ragpulse.stack.provide import provide
from tests.fakes import loopback
from tests.fakes.board_json import drawn
from tests.fakes.board_places import Place, good, places
from tests.fakes.running import answers, running, until
from tests.fakes.whole_demo import Demo, whole_demo
from tests.test_board_silence import OF_OTHERS, PROMISED

pytestmark = [pytest.mark.proof, pytest.mark.no_cover]
_BY_THEMSELVES = {
    *OF_OTHERS,
    *(("monitoring", each) for each in ("Rules failing", "Notifications lost", "Targets: Took")),
}
_BADGE = re.compile(r'class="(?:badge|tile|component|banner) (?:met|up)\b|class="bar "')
_PATH = re.compile(r'<p class="quiet path".*?</p>', re.DOTALL)  # of the way to whoever is told: no agent tells of it


@dataclass(frozen=True)
class Watched:
    demo: Demo
    prometheus: str
    overview: str
    places: tuple[Place, ...]

    def good_on_boards(self) -> set[tuple[str, str]]:
        return {(place.board, place.title) for place in self.places if good(place.colours(self._asked(place)))}

    def _asked(self, place: Place) -> list[tuple[frozenset[tuple[str, str]], float]]:
        query = place.asked(cluster="demo", node=".*")
        answer = loopback.get(f"{self.prometheus}/api/v1/query", params={"query": query}).json()
        assert answer["status"] == "success", (query, answer)
        return [(frozenset(one["metric"].items()), float(one["value"][1])) for one in answer["data"]["result"]]

    def good_on_the_page(self) -> int:
        return len(_BADGE.findall(_PATH.sub("", loopback.get(self.overview).text)))

    def seconds_until_nothing_is_good(self) -> tuple[float, float]:
        """On the boards, on the page: asked again and again, as by somebody who never stops to look."""
        began, boards, page = time.monotonic(), None, None
        while boards is None or page is None:
            assert time.monotonic() - began < 2 * PROMISED, (self.good_on_boards(), self.good_on_the_page())
            if page is None and not self.good_on_the_page():
                page = time.monotonic() - began
            if boards is None and self.good_on_boards() <= _BY_THEMSELVES:
                boards = time.monotonic() - began
        return boards, page


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with whole_demo(tmp_path_factory.mktemp("demo"), "10s") as demo, ExitStack() as stack:
        config = demo.state / "cluster.yaml"
        cluster = cluster_file.load(config)
        for name, text in files(cluster).items():
            (demo.state / "config" / name).parent.mkdir(parents=True, exist_ok=True)
            (demo.state / "config" / name).write_text(text)
        plan = monitoring_processes(
            cluster, ("alpha",), demo.state, provide(print), python=sys.executable, config_file=config
        )
        urls = {}
        for process in plan:
            if not process.name.startswith("agent"):
                stack.enter_context(running(process, demo.state / f"log-{process.name}"))
                until(lambda url=str(process.ready_url): answers(url), process.name, seconds=60)  # type: ignore[misc]
                urls[process.name] = str(process.look_url)
        yield Watched(demo, urls["prometheus"].rstrip("/"), urls["overview"], tuple(places(drawn(cluster))))


def much_is_good(watched: Watched) -> bool:
    found = watched.good_on_boards()
    return len(found) > 40 and ("overview", "Availability") in found and watched.good_on_the_page() > 10


def agents(watched: Watched) -> list[int]:
    return [process.pid for name, process in watched.demo.processes.items() if name.startswith("agent")]


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL])
def test_nothing_is_good_within_what_is_promised(watched: Watched, how: signal.Signals) -> None:
    until(lambda: much_is_good(watched), "much is good", seconds=240)
    before = len(watched.good_on_boards()), watched.good_on_the_page()
    for pid in agents(watched):
        os.kill(pid, how)
    try:
        boards, page = watched.seconds_until_nothing_is_good()
    finally:
        for pid in agents(watched):
            os.kill(pid, signal.SIGCONT)
    print(
        f"{how.name}: {before[0]} on boards not good after {boards:.1f} s, {before[1]} on the page after {page:.1f} s"
    )
    assert max(boards, page) <= PROMISED

"""The demo's stand-in for vLLM over real HTTP, on a clock that the test holds: a hang that no 200 can hide, a full
engine, an idle day. Source and canary are the real ones; only time is shown faster than it passes.
"""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from exporters.canary_record import CanaryRecord
from exporters.vllm_canary import CanaryPlan, VllmCanary
from exporters.vllm_source import VllmSource
from ragpulse.demo.vllm_standin.app import build
from ragpulse.demo.vllm_standin.engine import EngineSettings
from ragpulse.services import Vllm
from tests.fakes.asgi_server import served
from tests.fakes.clocks import Standing
from tests.fakes.readings import by_series
from tests.fakes.running import until

EVERY, PATIENCE = 10, 7  # of a canary, as they are shown
GIVES_UP = 0.15  # seconds after which a canary truly gives up
ONE_SLOT = EngineSettings(max_num_seqs=1, step_seconds=0.002)
LONG = {"model": "tiny", "prompt": "?", "max_tokens": 200, "ignore_eos": True}


class Hanging:
    """As a worker that was stopped: completions are taken and never answered; everything else says 200."""

    def __init__(self) -> None:
        self._app = build("tiny", None, EngineSettings(step_seconds=0.001))
        self.hangs = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while self.hangs and scope["type"] == "http" and scope["path"] == "/v1/completions":  # noqa: ASYNC110 - a thread ends it
            await asyncio.sleep(0.01)
        await self._app(scope, receive, send)


class Watched:
    """Second by second: a poll every 5, and a canary that ends 7 s after every tenth."""

    def __init__(self, url: str, *, with_canary: bool = True) -> None:
        self.clock = Standing()
        vllm = Vllm(kind="vllm", nodes=("sark",), url=url, model="tiny")
        record = CanaryRecord()
        self.source = VllmSource("vllm", vllm, clocks=self.clock.clocks, record=record)
        self._canary = (
            VllmCanary(CanaryPlan("vllm", GIVES_UP), vllm, record, self.clock.clocks) if with_canary else None
        )
        self._seconds = itertools.count()

    def live(self, seconds: int) -> list[tuple[int, str]]:
        """When polled, and what the state was; seconds from now."""
        states = []
        for passed, second in zip(range(seconds), self._seconds, strict=False):
            if self._canary is not None and second % EVERY == PATIENCE:
                list(self._canary.read())
            if second % 5 == 0:
                states.append((passed, self._state()))
            self.clock.live(1)
        return states

    def _state(self) -> str:
        (current,) = [name for name, is_so in by_series(self.source.read()).items() if "vllm_state{" in name and is_so]
        return current.split('state="')[1].rstrip('"}')

    def demand(self) -> float:
        return by_series(self.source.counters())['ragpulse_vllm_demand_seconds_total{service="vllm"}']


def only(states: list[tuple[int, str]]) -> set[str]:
    return {state for _, state in states}


def test_generation_that_hangs_behind_three_good_pages_is_stalled_within_30_seconds() -> None:
    app = Hanging()
    with served(app) as url, httpx.Client(base_url=url, trust_env=False) as client:
        watched = Watched(url)
        assert only(watched.live(21)) == {"serving"}
        app.hangs = True
        try:
            states = watched.live(60)
            assert [client.get(path).status_code for path in ("/health", "/v1/models", "/metrics")] == [200, 200, 200]
        finally:
            app.hangs = False
        known = min(second for second, state in states if state == "stalled")
        assert known <= 30
        assert only([(second, state) for second, state in states if second >= known]) == {"stalled"}
        healed = watched.live(20)
        assert healed[-1][1] == "serving"
        assert watched.demand() == 0


@contextmanager
def users(url: str, count: int) -> Iterator[None]:
    """Each asks for one long answer after the other."""
    gone = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client, contextlib.suppress(httpx.HTTPError):
            while not gone.is_set():
                client.post("/v1/completions", json=LONG)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        gone.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(
    "minutes", [pytest.param(1, id="a minute"), pytest.param(30, id="half an hour", marks=pytest.mark.proof)]
)
def test_a_full_engine_that_progresses_is_saturated_and_never_worse(minutes: int) -> None:
    with served(build("tiny", None, ONE_SLOT)) as url, users(url, 4):
        watched = Watched(url)
        until(lambda: watched.live(6)[-1][1] == "saturated", "the queue stands")
        before = watched.demand()
        assert only(watched.live(60 * minutes)) == {"saturated"}
        assert watched.demand() - before == pytest.approx(60 * minutes, abs=10)


def test_an_idle_day_serves_and_has_no_demand() -> None:
    with served(build("tiny", None, EngineSettings(step_seconds=0.001))) as url:
        watched = Watched(url)
        for _ in range(3):
            assert only(watched.live(30)) == {"serving"}
            watched.clock.live(8 * 3600)
        assert only(watched.live(30)) == {"serving"}
        assert watched.demand() == 0


def test_an_idle_hour_without_canaries_serves_though_nothing_moves() -> None:
    with served(build("tiny", None, EngineSettings())) as url:
        watched = Watched(url, with_canary=False)
        assert only(watched.live(60)) == {"serving"}
        watched.clock.live(3600)
        assert only(watched.live(30)) == {"serving"}

"""A vLLM whose recorded answers are replayed, the source that looks at it, and what that says of its state."""

from pathlib import Path
from typing import Any

import pytest

from exporters.clocks import MACHINE, Clocks
from exporters.vllm_source import VllmSource
from ragpulse.catalogue.vllm import STATES
from ragpulse.services import Vllm
from tests.fakes.clocks import Standing
from tests.fakes.completion_stream import STREAM, stream
from tests.fakes.http_replay import Behaviour, Replay, reply, reply_json, speak
from tests.fakes.readings import by_series

CAPTURES = Path(__file__).parent.parent / "captures" / "vllm"
QUICK = 1.0  # interval where a request must time out
PATIENT = 30.0
WITHOUT_STATISTICS = "0.32.0-disable-log-stats"


@pytest.fixture
def vllm(replay: Replay) -> Replay:
    """As 0.32.0 while three requests run."""
    replay.get("/health", reply())
    replay.get("/version", reply(body=(CAPTURES / "http" / "version.body").read_bytes()))
    replay.get("/v1/models", reply(body=(CAPTURES / "http" / "models.body").read_bytes()))
    replay.get("/metrics", page("0.32.0-load"))
    replay.post("/v1/completions", stream(STREAM))
    return replay


def page(name: str) -> Behaviour:
    return reply(body=(CAPTURES / f"vllm-{name}.prom").read_bytes(), Content_Type="text/plain; version=1.0.0")


def source_of(url: str, interval: float = PATIENT, clocks: Clocks = MACHINE, **more: Any) -> VllmSource:
    return VllmSource("vllm", Vllm(kind="vllm", nodes=("sark", "clu"), url=url, **more), interval, clocks)


def states(current: str) -> dict[str, float]:
    return {f'ragpulse_vllm_state{{service="vllm",state="{state}"}}': float(state == current) for state in STATES}


def state_in(found: dict[str, float]) -> str:
    (current,) = [state for state in STATES if found[f'ragpulse_vllm_state{{service="vllm",state="{state}"}}']]
    return current


def polled(source: VllmSource, clock: Standing) -> str:
    """The state, five seconds before the next poll."""
    state = state_in(by_series(source.read()))
    clock.live(5.0)
    return state


def vanish(vllm: Replay) -> None:
    for path in ("/health", "/metrics", "/version", "/v1/models"):
        vllm.get(path, speak(b""))


def come_back(vllm: Replay, version: str, capture: str, models: Behaviour) -> None:
    vllm.get("/health", reply())
    vllm.get("/version", reply_json({"version": version}))
    vllm.get("/metrics", page(capture))
    vllm.get("/v1/models", models)

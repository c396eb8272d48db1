"""Ray's metrics agent shows vLLM with labels of its own, many processes on one page, and what has ended beside it."""

from pathlib import Path

from exporters.vllm_page import VllmPage
from exporters.vllm_text import MAX_ENGINES
from ragpulse.catalogue import vllm
from tests.fakes.readings import by_series

CAPTURE = (Path(__file__).parent / "captures" / "ray" / "ray-2.60.0-head-vllm-load.prom").read_text()
ENDED = "a5591e550f7bd3af1028b709cffd89f00d53b5c06da40814c8bdc485"
LIVING = "41febe0ddeac93bf07e367adee431b3c68ce4f90d63b71e06d334465"
TOKENS = 'ragpulse_vllm_generation_tokens_total{{service="ray",model="tiny",engine="0@{}"}}'


def line(name: str, value: object = 1, model: str = "m", **labels: str) -> str:
    said = {"Component": "core_worker", "NodeAddress": "192.0.2.2", "SessionName": "session_2026-11-22_14-01-02_981776"}
    said |= {"Version": "2.60.0", "engine": "0", "model_name": model, "otel_scope_name": "ray._private.telemetry"}
    pairs = ",".join(f'{key}="{text}"' for key, text in (said | labels).items())
    return f"ray_vllm_{name}{{{pairs}}} {value}\n"


def family(name: str, kind: str, *lines: str) -> str:
    return f"# TYPE ray_vllm_{name} {kind}\n{''.join(lines)}"


def test_each_process_is_an_engine_of_its_own_also_one_that_has_ended() -> None:
    page = VllmPage(CAPTURE)
    found = by_series(page.samples("ray"))
    assert found[TOKENS.format(ENDED)] == 7680
    assert found[TOKENS.format(LIVING)] == 21120
    engines = page.engines()
    assert set(engines) == {("tiny", f"0@{ENDED}"), ("tiny", f"0@{LIVING}")}
    assert engines["tiny", f"0@{ENDED}"].running == 0
    assert (
        engines["tiny", f"0@{LIVING}"].progress
        == 21120
        + 29568
        + found[f'ragpulse_vllm_iteration_tokens_count{{service="ray",model="tiny",engine="0@{LIVING}"}}']
    )
    assert page.models() == ("tiny",)


def test_what_is_ray_s_own_is_not_taken_for_vllm_s() -> None:
    assert "\nprocess_start_time_seconds " in CAPTURE
    offered = dict(VllmPage(CAPTURE).offered())
    assert not offered[vllm.STARTED]
    assert not offered[vllm.HTTP_REQUESTS]
    assert VllmPage(CAPTURE).started is None


def test_the_name_of_an_engine_does_not_depend_on_who_else_is_on_the_page() -> None:
    both = by_series(VllmPage(CAPTURE).samples("ray"))
    alone = "".join(kept for kept in CAPTURE.splitlines(keepends=True) if ENDED not in kept)
    assert by_series(VllmPage(alone).samples("ray")).items() < both.items()


def test_gauges_that_vanish_while_nothing_runs_take_no_counter_with_them() -> None:
    gauges = ("num_requests", "kv_cache", "cache_config", "engine_sleep")
    idle = "".join(kept for kept in CAPTURE.splitlines(keepends=True) if not any(name in kept for name in gauges))
    page, before = VllmPage(idle), by_series(VllmPage(CAPTURE).samples("ray"))
    found = by_series(page.samples("ray"))
    assert found.items() < before.items()
    assert {name.split("{")[0] for name in before.keys() - found.keys()} == {
        "ragpulse_vllm_requests_running", "ragpulse_vllm_requests_waiting", "ragpulse_vllm_kv_cache_usage_ratio",
        "ragpulse_vllm_kv_cache_blocks", "ragpulse_vllm_kv_cache_block_tokens",
    }  # fmt: skip
    assert page.engines().keys() == VllmPage(CAPTURE).engines().keys()
    assert {engine.running for engine in page.engines().values()} == {0.0}


def test_replicas_are_told_apart_by_worker_else_by_replica_and_refusals_too() -> None:
    tokens = [line("generation_tokens_total", n, ReplicaId="r", WorkerId=f"w{n}") for n in (1, 2)]
    tokens += [line("generation_tokens_total", n, ReplicaId=f"r{n}", WorkerId="") for n in (3, 4)]
    refused = [line("admission_rejections_total", n, engine="", WorkerId=f"w{n}", reason="full") for n in (5, 6)]
    refused = [text.replace('engine="",', "") for text in refused]
    page = VllmPage(
        family("generation_tokens_total", "counter", *tokens)
        + family("admission_rejections_total", "counter", *refused)
    )
    found = {sample.labels[1:]: sample.value for sample in page.samples("ray")}
    assert found == {
        ("m", "0@w1"): 1, ("m", "0@w2"): 2, ("m", "0@r3"): 3, ("m", "0@r4"): 4,
        ("m", "@w5", "full"): 5, ("m", "@w6", "full"): 6,
    }  # fmt: skip
    assert set(page.engines()) == {("m", f"0@{name}") for name in ("w1", "w2", "r3", "r4")}, "a refusal is no engine"


def test_of_10_000_models_the_most_are_shown_and_the_others_counted() -> None:
    names = [f"m{number:05}" for number in range(10_000)]
    page = VllmPage(family("num_requests_running", "gauge", *(line("num_requests_running", 1, name) for name in names)))
    assert page.models() == tuple(names[:MAX_ENGINES])
    assert len(list(page.samples("ray"))) == MAX_ENGINES
    assert page.dropped == 10_000 - MAX_ENGINES


def test_processes_that_have_ended_do_not_crowd_out_the_one_that_runs() -> None:
    ended = [line("generation_tokens_total", 1, WorkerId=f"a{number:03}") for number in range(2 * MAX_ENGINES)]
    page = VllmPage(
        family("generation_tokens_total", "counter", *ended, line("generation_tokens_total", 2, WorkerId="z"))
        + family("num_requests_running", "gauge", line("num_requests_running", 3, WorkerId="z"))
    )
    assert len(page.engines()) == MAX_ENGINES
    assert page.engines()["m", "0@z"].generated == 2

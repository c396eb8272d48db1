"""A vLLM page with a fault in it: what is still said is right, or it is a SourceError."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporters.page import render
from exporters.source import SourceError
from exporters.vllm_names import FAMILIES
from exporters.vllm_page import VllmPage
from tests.fakes.strategies import any_text, line_mutants, mutants
from tests.fakes.vllm_readers import first_reader, second_reader

CAPTURES = Path(__file__).parent / "captures"
TYPES = "# TYPE vllm:num_requests_running gauge\n"
RUNNING = 'vllm:num_requests_running{engine="0",model_name="m"} 1\n'


def excerpt(capture: str, *families: str) -> str:
    """The recorded lines of a few families, so that one fault often hits something that matters."""
    lines = (CAPTURES / capture).read_text().splitlines(keepends=True)
    return "".join(line for line in lines if any(family in line for family in families))


EXCERPTS = (
    excerpt("vllm/vllm-0.32.0-load.prom", "vllm:num_requests", "vllm:kv_cache", "vllm:generation_tokens"),
    excerpt("vllm/vllm-0.28.0-load.prom", "vllm:time_to_first_token", "vllm:request_success", "vllm:iteration_tokens"),
    excerpt("vllm/vllm-0.10.2-statlogger.prom", "vllm:gpu_cache", "vllm:kv_cache", "vllm:prefix_cache", "cache_config"),
    excerpt("ray/ray-2.60.0-head-vllm-load.prom", "ray_vllm_num_requests", "ray_vllm_generation", "ray_vllm_cache_con"),
    excerpt("vllm/vllm-0.32.0-dp2-after.prom", "vllm:inter_token", "vllm:prompt_tokens_total", "vllm:num_preemptions"),
)
faulty = st.sampled_from(EXCERPTS).flatmap(mutants)


def read_whole(text: str) -> VllmPage:
    """All that a source asks of a page."""
    page = VllmPage(text)
    page.engines()
    render(page.samples("vllm"), FAMILIES)
    return page


@given(faulty | any_text.map(lambda drawn: TYPES + drawn + "\n") | any_text)
@example(TYPES + RUNNING.replace(" 1\n", " -1\n"))
@example(TYPES + RUNNING.replace(" 1\n", f" {'9' * 400}\n"))
@example(TYPES + RUNNING.replace(" 1\n", f" 1 {'9' * 400}\n"))
@example(TYPES + RUNNING.replace("engine=", " ="))
@example(EXCERPTS[1].replace('le="0.001"', 'le="nan"'))
def test_a_page_is_read_or_refused_whatever_stands_in_it(text: str) -> None:
    try:
        page = read_whole(text)
    except SourceError:
        return
    assert all(sample.value >= 0 for sample in page.samples("vllm"))
    assert all(engine.running >= 0 and engine.progress >= engine.generated >= 0 for engine in page.engines().values())


@given(st.sampled_from(EXCERPTS).flatmap(line_mutants))
def test_what_is_said_of_a_page_whose_lines_are_out_of_order_stands_in_it(text: str) -> None:
    try:
        said = first_reader(text)
    except SourceError:
        return
    there = second_reader(text)
    assert {series: there.get(series) for series in said} == said


@pytest.mark.parametrize("text", EXCERPTS, ids=["engine", "histograms", "old and new", "Ray", "two engines"])
def test_a_page_without_fault_is_read_whole(text: str) -> None:
    assert first_reader(text) == second_reader(text) != {}

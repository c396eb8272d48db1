"""Recorded vLLM pages under our names: every value equal to what a second, independent reader finds in the bytes."""

from math import inf
from pathlib import Path

import pytest

from exporters.source import SourceError
from exporters.vllm_names import FAMILIES
from exporters.vllm_page import Engine, VllmPage
from ragpulse.catalogue import vllm
from ragpulse.metric import Metric
from tests.fakes.readings import by_series
from tests.fakes.vllm_readers import LINE, first_reader, offered_by, second_reader, with_numbers_of_their_own

CAPTURES = Path(__file__).parent / "captures" / "vllm"
RAY = [page for page in (CAPTURES.parent / "ray").glob("*.prom") if "excerpt" not in page.name]
PAGES = sorted([*CAPTURES.glob("*.prom"), *CAPTURES.glob("*.om.txt"), *RAY])
WITHOUT_STATS = {"vllm-0.32.0-disable-log-stats.prom"}
WITHOUT_VLLM = {"ray-2.60.0-worker-load.prom", "ray-2.60.0-port44217.prom"}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_mapped_value_is_the_one_that_stands_in_the_page(page: Path) -> None:
    text = page.read_text()
    expected = second_reader(text)
    assert first_reader(text) == expected
    assert bool(expected) == (page.name not in WITHOUT_VLLM)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_value_is_that_of_another_family_with_the_same_numbers(page: Path) -> None:
    text = with_numbers_of_their_own(page.read_text())
    assert first_reader(text) == second_reader(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_is_offered_is_what_the_page_declares(page: Path) -> None:
    text = page.read_text()
    found = VllmPage(text)
    assert {metric.name: offered for metric, offered in found.offered()} == offered_by(text)
    assert found.dropped == 0
    assert found.unknown == 0
    assert found.stats_disabled == (page.name in WITHOUT_STATS)


def test_what_a_page_is_stands_in_samples_of_its_own() -> None:
    page = VllmPage((CAPTURES / "vllm-0.9.2-v0-statlogger.prom").read_text() + "# TYPE vllm:brand_new gauge\n")
    found = by_series(page.about("vllm"))
    offered = 'ragpulse_vllm_metric_offered{{service="vllm",metric="{}"}}'
    assert found[offered.format("ragpulse_vllm_inter_token_latency_seconds")] == 1
    assert found[offered.format("ragpulse_vllm_spec_decode_draft_tokens_total")] == 1, "declared, though without series"
    assert found[offered.format("ragpulse_vllm_prefix_cache_hits_total")] == 0
    assert found['ragpulse_vllm_stats_disabled{service="vllm"}'] == 0
    assert found['ragpulse_vllm_unknown_families{service="vllm"}'] == 1
    assert len(found) == len(FAMILIES) + 2


def test_two_engines_are_never_added_up() -> None:
    page = VllmPage((CAPTURES / "vllm-0.32.0-dp2-after.prom").read_text())
    found = by_series(page.samples("vllm"))
    tokens = [found[f'ragpulse_vllm_generation_tokens_total{{service="vllm",model="tiny",engine="{e}"}}'] for e in "01"]
    assert tokens == [8211.0, 7953.0]
    assert set(page.engines()) == {("tiny", "0"), ("tiny", "1")}


def test_histograms_keep_the_edges_of_the_server() -> None:
    page = VllmPage((CAPTURES / "vllm-0.32.0-after.prom").read_text())
    edges = [float(s.le) for s in page.samples("vllm") if s.metric is vllm.ITL and s.le]
    assert edges[:5] == [0.01, 0.025, 0.05, 0.075, 0.1]
    assert edges[-1] == inf


def test_a_server_without_statistics_still_counts_requests_and_says_when_it_started() -> None:
    page = VllmPage((CAPTURES / "vllm-0.32.0-disable-log-stats.prom").read_bytes())
    assert {metric for metric, offered in page.offered() if offered} == {vllm.HTTP_REQUESTS, vllm.STARTED}
    assert page.engines() == {}
    assert page.models() == ()
    assert page.started is not None


def test_models_cache_and_start_of_a_server() -> None:
    page = VllmPage((CAPTURES / "vllm-0.32.0-dp2-after.prom").read_bytes())
    assert page.models() == ("tiny",)
    assert page.cache() == {"0": (80.0, 32.0), "1": (80.0, 32.0)}
    assert page.started is None, "two API servers share the page"
    assert VllmPage((CAPTURES / "vllm-0.28.0-idle.prom").read_bytes()).started == pytest.approx(1.7953556e9, rel=1e-5)


def test_blocks_that_are_not_known_yet_are_no_number() -> None:
    text = '# TYPE vllm:cache_config_info gauge\nvllm:cache_config_info{block_size="16",num_gpu_blocks="None"} 1\n'
    assert by_series(VllmPage(text).samples("vllm")) == {
        'ragpulse_vllm_kv_cache_block_tokens{service="vllm",engine="0"}': 16.0
    }
    assert VllmPage(text).cache() == {}


def test_a_page_that_is_no_text_is_not_read() -> None:
    with pytest.raises(SourceError, match="not UTF-8"):
        VllmPage(b"# TYPE vllm:x gauge\nvllm:x \xff\n")


@pytest.mark.parametrize("text", ["", "<html>\n<body>Welcome</body>\n"], ids=["nothing", "somebody's welcome"])
def test_what_is_no_page_of_metrics_is_not_taken_for_an_idle_server(text: str) -> None:
    with pytest.raises(SourceError, match="no page of Prometheus metrics"):
        VllmPage(text)


def test_progress_counts_tokens_and_steps_of_an_engine() -> None:
    text = (CAPTURES / "vllm-0.32.0-pressure-load.prom").read_text()
    numbers = {match[1]: float(match[3]) for line in text.splitlines() if (match := LINE.fullmatch(line))}
    (engine,) = VllmPage(text).engines().values()
    assert (engine.running, engine.waiting) == (7, 8)
    assert engine.progress == sum(
        numbers[f"vllm:{name}"]
        for name in ("generation_tokens_total", "prompt_tokens_total", "iteration_tokens_total_count")
    )


RUNNING = '# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{engine="0",model_name="m"} 1\n'
TTFT = """\
# TYPE vllm:time_to_first_token_seconds histogram
vllm:time_to_first_token_seconds_bucket{engine="0",le="0.1",model_name="m"} 1
vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="m"} 2
vllm:time_to_first_token_seconds_count{engine="0",model_name="m"} 2
vllm:time_to_first_token_seconds_sum{engine="0",model_name="m"} 0.5
"""
GARBLED = [
    pytest.param(RUNNING.rstrip(), id="a page cut off in its last line"),
    pytest.param(RUNNING.replace(" 1\n", " one\n"), id="a value that is no number"),
    pytest.param(RUNNING.replace('"} 1', "} 1"), id="a quote that never ends"),
    pytest.param(RUNNING.replace(" 1\n", " NaN\n"), id="a value that is not a number"),
    pytest.param(RUNNING.replace(" 1\n", " -1\n"), id="a negative value"),
    pytest.param(RUNNING + RUNNING, id="a family that stands twice in a row"),
    pytest.param(RUNNING + "# TYPE vllm:other gauge\n" + RUNNING, id="a family that stands in two places"),
    pytest.param(RUNNING + RUNNING.splitlines()[1] + "\n", id="a series that stands twice"),
    pytest.param(TTFT + TTFT.splitlines()[1] + "\n", id="a bucket that stands twice"),
    pytest.param(TTFT.replace('_count{engine="0",model_name="m"} 2', '_count{engine="0",model_name="m"} 3'),
                 id="a count that is not that of its buckets"),
    pytest.param(TTFT.replace('le="0.1",model_name="m"} 1', 'le="0.1",model_name="m"} 9'), id="buckets that shrink"),
    pytest.param("\n".join(line for line in TTFT.splitlines() if "Inf" not in line) + "\n", id="no endless bucket"),
    pytest.param(TTFT.replace('le="0.1",', ""), id="a bucket without an edge"),
    pytest.param(TTFT.replace('le="0.1",', 'le="low",'), id="an edge that is no number"),
    pytest.param(TTFT.replace('le="+Inf",', 'le="0.05",'), id="edges that fall"),
    pytest.param(TTFT.replace("_sum", "_other"), id="a histogram without its sum"),
]  # fmt: skip


@pytest.mark.parametrize("text", GARBLED)
def test_a_garbled_page_is_our_inability_to_read_it(text: str) -> None:
    with pytest.raises(SourceError, match="GET /metrics"):
        list(VllmPage(text).samples("vllm"))


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        pytest.param(RUNNING.replace("gauge", "counter"), vllm.REQUESTS_RUNNING, id="another type"),
        pytest.param(RUNNING.replace("running gauge", "swapped gauge"), vllm.REQUESTS_RUNNING, id="no type"),
    ],
)
def test_a_family_of_another_kind_is_not_the_one_we_know(text: str, metric: Metric) -> None:
    page = VllmPage(text)
    assert not dict(page.offered())[metric]
    assert not list(page.samples("vllm"))


def test_unknown_families_and_labels_are_dropped() -> None:
    text = RUNNING.replace("engine=", 'colour="red",engine=') + "# TYPE vllm:new gauge\nvllm:new 1\nother{ garbled\n"
    assert by_series(VllmPage(text).samples("vllm")) == {
        'ragpulse_vllm_requests_running{service="vllm",model="m",engine="0"}': 1.0
    }


def test_steps_of_another_kind_are_no_progress() -> None:
    steps = "# TYPE vllm:iteration_tokens_total counter\nvllm:iteration_tokens_total 9\n"
    (engine,) = VllmPage(RUNNING + steps).engines().values()
    assert engine.progress == 0


def test_a_series_without_an_engine_is_of_the_only_one() -> None:
    assert set(VllmPage(RUNNING.replace('engine="0",', "")).engines()) == {("m", "0")}


def test_series_that_only_an_unknown_label_tells_apart_are_left_out_and_counted() -> None:
    waiting = RUNNING.replace("running", "waiting")
    page = VllmPage(RUNNING + waiting + waiting.splitlines()[1].replace("engine=", 'colour="red",engine=') + "\n")
    assert {sample.metric for sample in page.samples("vllm")} == {vllm.REQUESTS_RUNNING}
    assert page.dropped == 2
    assert page.engines()["m", "0"].running == 1


def test_an_engine_is_there_when_any_family_names_it() -> None:
    (engine,) = VllmPage(TTFT).engines().items()
    assert engine == (("m", "0"), Engine(running=0, waiting=0, kv_cache_usage=0, generated=0, progress=0))


def test_a_counter_that_falls_falls_and_a_series_that_was_away_is_the_one_before() -> None:
    tokens = "# TYPE vllm:generation_tokens_total counter\n"
    line = 'vllm:generation_tokens_total{engine="0",model_name="m"} '
    polls = [tokens + line + "100\n", RUNNING, tokens + line + "120\n", tokens + line + "5\n"]
    name = 'ragpulse_vllm_generation_tokens_total{service="vllm",model="m",engine="0"}'
    assert [by_series(VllmPage(poll).samples("vllm")).get(name) for poll in polls] == [100, None, 120, 5]

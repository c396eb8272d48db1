"""What `make bench` makes of what it measured: which limits were kept, and the document that tells of it."""

from dataclasses import replace

from benchmarks import chroma_cost, generating, gpus, overview_page, rag_stages, vllm_page
from benchmarks.chroma_cost import ChromaCost
from benchmarks.curves import Point
from benchmarks.demo import Background
from benchmarks.document import Results, document
from benchmarks.generating import Generated
from benchmarks.gpus import Gpus
from benchmarks.hung import Hung, Seen
from benchmarks.latency import Latency
from benchmarks.limits import judge, ratios
from benchmarks.machine import Machine
from benchmarks.markdown import table
from benchmarks.overview_page import PageTimes
from benchmarks.page_week import Written
from benchmarks.process import Holdings
from benchmarks.rag_stages import Slowed
from benchmarks.side_by_side import Cost, SideBySide, Size
from benchmarks.vllm_page import PageCost

MIB = 2**20


def rows_in(text: str, *, after: str = "", before: str = "\0") -> dict[str, list[str]]:
    """The cells of all tables between two headings, by the first of each row."""
    part = text[text.index(after) :].split(before, maxsplit=1)[0]
    cells = [[cell.strip() for cell in line.split("|")][1:-1] for line in part.splitlines() if line.startswith("|")]
    return {row[0]: row[1:] for row in cells}


def cost(factor: float) -> Cost:
    latency = Latency(600, least=0.008 * factor, p50=0.01 * factor, p99=0.02 * factor)
    held = Holdings(rss=round(20 * MIB * factor), pss=round(18 * MIB * factor), threads=5, descriptors=8)
    return Cost(
        0.005 * factor, latency, 0.004 * factor, latency, 0.004 * factor, wire_bytes=9000, series=500, holdings=held
    )


SLOWED = Slowed("retrieval", walks=100, named=100, stages=52.0, whole=54.0)
SHOWN = PageTimes(
    "Prometheus 3.5", Written(250, 1_372_500, 0), questions=20, size=37_000,
    page=[0.25] * 189 + [0.3] * 11, asked=[0.05] * 189 + [0.1] * 11,
)  # fmt: skip
GENERATED = [Generated(2, seconds=0.1, bytes=1024), Generated(200, seconds=0.5, bytes=2048)]
COMPARED = SideBySide(cost(0.1), cost(1), Size(pairs=2, rounds=300, back_to_back=600, idle=10), stale=3)
AGENT = Background("agent-alpha", alone=0.004, scraped=0.006, series=400, holdings=cost(1).holdings)
SUPERVISOR = Background("supervisor", alone=0.05, scraped=0.05, series=None, holdings=cost(1).holdings)
WHILE_HUNG = Hung(healthy=Seen(cost(0.1).fresh, 657), hung=Seen(cost(0.15).fresh, 617))
WITH_GPUS = Gpus(0.004, replace(COMPARED, ours=replace(COMPARED.ours, background=0.02, series=1500)))
POLLED = PageCost(vllm_page.PAGES[0], rounds=100, first=0.006, poll=0.002, parser=0.008, memory=3 * MIB)
CHROMA = ChromaCost("0.5.23", chroma_cost.Extent(off=60, on=120), off=0.004, on=0.012)


def missed(found: SideBySide = COMPARED, agent: Background = AGENT, hung: Hung = WHILE_HUNG) -> list[str]:
    return [judged.what for judged in judge(found, [agent, SUPERVISOR], hung) if not judged.kept]


def missed_with_gpus(ours: Cost) -> list[str]:
    found = replace(WITH_GPUS, compared=replace(WITH_GPUS.compared, ours=ours))
    return [judged.what for judged in gpus.judge(found) if not judged.kept]


def test_within_all_limits_nothing_is_missed_and_the_supervisor_is_no_agent() -> None:
    assert missed() == []


def test_each_limit_can_be_missed_and_names_itself() -> None:
    slow = replace(COMPARED.ours, fresh=replace(COMPARED.ours.fresh, p50=0.0013))
    late = replace(COMPARED.ours, fresh=replace(COMPARED.ours.fresh, p99=0.0051))
    large = replace(COMPARED.ours, holdings=replace(COMPARED.ours.holdings, rss=51 * MIB))
    curt = replace(COMPARED.ours, series=499)
    assert missed(replace(COMPARED, ours=slow)) == ["scrape p50, ours / node_exporter's"]
    assert missed(replace(COMPARED, ours=late)) == ["scrape p99, ours / node_exporter's"]
    assert missed(replace(COMPARED, ours=large)) == ["resident memory, ours / node_exporter's"]
    assert missed(replace(COMPARED, ours=curt)) == ["series, ours / node_exporter's"]
    busy = ["background CPU of an agent of the demo, share of a core"]
    assert missed(agent=replace(AGENT, scraped=0.011)) == missed(agent=replace(AGENT, alone=0.011)) == busy
    assert missed(agent=replace(AGENT, series=1501)) == ["series of an agent of the demo"]
    held_up = replace(WHILE_HUNG, hung=Seen(cost(0.16).fresh, 617))
    assert missed(hung=held_up) == ["scrape p99 while all sources but one hang / while all work"]


def test_each_limit_of_an_agent_with_gpus_can_be_missed_and_names_itself() -> None:
    ours = WITH_GPUS.compared.ours
    held = replace(ours.holdings, rss=64 * MIB)
    assert missed_with_gpus(ours) == missed_with_gpus(replace(ours, holdings=held)) == []
    late = replace(ours, fresh=replace(ours.fresh, p99=0.0051))
    assert missed_with_gpus(late) == ["scrape p99 with 8 GPUs, ours / node_exporter's"]
    large = replace(ours, holdings=replace(held, rss=64 * MIB + 4096))
    assert missed_with_gpus(large) == ["resident memory with 8 GPUs, MiB"]
    busy = replace(ours, background=WITH_GPUS.without + 8 * 0.0031)
    assert missed_with_gpus(busy) == ["CPU of reading a GPU, share of a core"]


def test_a_poll_that_costs_more_than_its_share_of_the_parser_or_too_much_memory_is_missed() -> None:
    dear, large = replace(POLLED, poll=0.0041), replace(POLLED, memory=21 * 10**6)
    assert [judged.kept for judged in vllm_page.judge([POLLED, dear, large])] == [True, True, False, True, True, False]


def test_what_watching_costs_chroma_is_what_it_takes_more_than_by_itself() -> None:
    assert [judged.kept for judged in chroma_cost.judge([CHROMA, replace(CHROMA, on=0.0141)])] == [True, False]


def test_a_slow_stage_that_one_walk_did_not_name_is_missed_and_so_are_times_that_do_not_make_up_the_whole() -> None:
    unnamed, apart = replace(SLOWED, named=99), replace(SLOWED, stages=51.2)
    assert [judged.kept for judged in rag_stages.judge([SLOWED, unnamed])] == [True, False, True]
    assert [judged.kept for judged in rag_stages.judge([SLOWED, apart])] == [True, True, False]


def test_a_page_that_takes_more_than_three_times_its_questions_is_missed_by_its_slowest_loads() -> None:
    rarely = replace(SHOWN, page=[0.05] * 190 + [0.4] * 10)
    often = replace(SHOWN, page=[0.05] * 189 + [0.301] * 11)
    assert [overview_page.judge(found).kept for found in (SHOWN, rarely, often)] == [True, True, False]


def test_generating_that_grows_faster_than_it_may_is_missed() -> None:
    dear = replace(GENERATED[1], seconds=0.501)
    assert [generating.judge(found).kept for found in (GENERATED, [GENERATED[0], dear])] == [True, False]


def test_the_last_line_has_its_fixed_form() -> None:
    assert str(ratios(COMPARED)) == "ratio p50=0.100 p99=0.100 rss=0.10 cpu=0.100"


def test_a_table_can_be_read_as_it_stands() -> None:
    assert table(("", "ms"), [("p50", "1.25"), ("least", "0.9")]).splitlines() == [
        "|       |   ms |",
        "| ----- | ---: |",
        "| p50   | 1.25 |",
        "| least |  0.9 |",
    ]


def test_the_document_says_what_was_measured_on_what_and_what_was_missed() -> None:
    machine = Machine("2026-01-02", "abc1234", "2 shared x86-64 cores", "3.11.7", 0.12, "node_exporter 1.5.0")
    too_large = replace(COMPARED, ours=replace(COMPARED.ours, holdings=COMPARED.theirs.holdings, series=1))
    results = Results(
        machine, too_large, [AGENT, SUPERVISOR], 60, WITH_GPUS, WHILE_HUNG,
        [Point("services", 50, 1825, cost(0.1).fresh, 0.0685, cost(1).holdings)], [POLLED], [CHROMA], [SLOWED], SHOWN,
        GENERATED, [*judge(too_large, [AGENT, SUPERVISOR], WHILE_HUNG), *gpus.judge(WITH_GPUS)],
    )  # fmt: skip
    text = document(results)
    rows, of_gpus = rows_in(text, before="## With 8 GPUs"), rows_in(text, after="## With 8 GPUs", before="## The demo")
    assert "`make bench` on 2026-01-02, commit abc1234, 2 shared x86-64 cores (load 0.12 at the start)" in text
    assert "this machine, the demo's services and, as a web service, gateway; node_exporter" in text
    assert rows["fresh p50, ms"] == ["1.00", "10.00", "0.100"]
    assert of_gpus["series"] == ["1500", "500", "3.000"]
    assert "an agent takes 2.00 % of a core, without 0.40 %; that is 0.20 % for each GPU." in text
    assert rows["CPU of reading a GPU, share of a core"] == ["0.002", "", "0.003", "yes"]
    assert rows["series, ours / node_exporter's"] == ["0.002", "1", "", "**no**"]
    assert rows["scrape p50, ours / node_exporter's"] == ["0.1", "", "0.12", "yes"]
    rows = rows_in(text, after="## The demo")
    assert rows["supervisor"] == ["5.00 %", "5.00 %", "20.0", "18.0", ""]
    assert rows["vLLM 0.32.0, two engines"] == ["66", "2.00", "6.00", "8.00", "0.250", "3.0"]
    assert rows["0.5.23"] == ["0.40 %", "1.20 %", "0.80 %"]
    assert rows["retrieval"] == ["100", "100", "520.00", "540.00"]
    assert rows["the page"] == ["250.00", "300.00"]
    assert rows["its questions"] == ["50.00", "100.00"]
    assert rows["200"] == ["500.00", "2"]
    assert rows["services: 50"] == ["1825", "1.00", "2.00", "600", "6.85 %", "20.0", "5"]
    assert text.endswith("\n`ratio p50=0.100 p99=0.100 rss=1.00 cpu=0.100`\n")
    assert max(map(len, (line for line in text.splitlines() if not line.startswith("|")))) <= 120


def test_without_the_right_to_see_it_a_pss_is_left_out() -> None:
    blind = replace(COMPARED.theirs, holdings=replace(COMPARED.theirs.holdings, pss=None))
    machine = Machine("", "", "", "", 0.0, "")
    found = replace(COMPARED, theirs=blind)
    results = Results(
        machine, found, [], 60, WITH_GPUS, WHILE_HUNG, [], [POLLED], [CHROMA], [SLOWED], SHOWN, GENERATED, []
    )
    text = document(results)
    assert "PSS, MiB" in rows_in(text, after="## With 8 GPUs")
    assert "PSS, MiB" not in rows_in(text, before="## With 8 GPUs")

"""The table of names: held against the names of 25 versions, in all spellings, old and new beside each other."""

import re
from pathlib import Path

import pytest

from exporters.vllm_document import with_names
from exporters.vllm_names import FAMILIES, PREFIXES, VERSIONS
from exporters.vllm_other_names import OTHER_NAMES
from exporters.vllm_page import VllmPage
from tests.fakes import vllm_readers
from tests.fakes.vllm_readers import THEIRS, Series, first_reader, offered_by, second_reader

CAPTURES = Path(__file__).parent / "captures" / "vllm"
TABLE = [line.split("\t") for line in (CAPTURES / "metric-names-by-version.tsv").read_text().splitlines()[2:]]
HEAD, *ROWS = TABLE
KINDS = {"c": "counter", "g": "gauge", "h": "histogram"}
OLDER_THAN_THE_TABLE = {"avg_generation_throughput_toks_per_s", "avg_prompt_throughput_toks_per_s"}
SEVERAL = {metric.name: row.names for metric, row in FAMILIES.items() if len(row.names) > 1}
NOT_RAYS = ("ragpulse_vllm_http_requests_total", "ragpulse_vllm_process_start_timestamp_seconds")
AFTER = (CAPTURES / "vllm-0.32.0-after.prom").read_text()


def bare(name: str) -> str:
    return name.removeprefix("vllm:").removesuffix("_total")


def versions_with(name: str) -> list[str]:
    """The table has a counter with and without `_total`, as the source of each version writes it."""
    columns = {column for row in ROWS if bare(row[0]) == bare(name) for column, cell in enumerate(row) if cell != "-"}
    return [version for column, version in enumerate(HEAD) if column and column in columns]


def kind_of(name: str) -> str:
    """By the versions whose source was read with the type; of the others nothing is needed here."""
    letters = {cell.lower() for row in ROWS if row[0] == name for cell in row[1:]} & set(KINDS)
    return KINDS[letters.pop()] if letters else "gauge"


def page_of(version: str) -> str:
    """What a server of this version might say: every name in its source, each with numbers of its own."""
    column = HEAD.index(version)
    names = {row[0] if kind_of(row[0]) == "histogram" else bare(row[0]): kind_of(row[0])
             for row in ROWS if row[column] != "-"}  # fmt: skip
    return vllm_readers.with_numbers_of_their_own(
        "".join(family(name.removeprefix("vllm:"), kind) for name, kind in names.items())
    )


def family(name: str, kind: str) -> str:
    labels = 'engine="0",model_name="m"'
    if kind == "histogram":
        edges = ("0.1", "2.5", "+Inf")
        lines = [f'vllm:{name}_bucket{{engine="0",le="{edge}",model_name="m"}} {n}' for n, edge in enumerate(edges, 1)]
        lines += [f"vllm:{name}_count{{{labels}}} 3", f"vllm:{name}_sum{{{labels}}} 4.5"]
    else:
        labels += ',block_size="16",num_gpu_blocks="40"' * (name == "cache_config_info")
        lines = [f"vllm:{name}{'_total' * (kind == 'counter')}{{{labels}}} 1"]
    return f"# TYPE vllm:{name}{'_total' * (kind == 'counter')} {kind}\n" + "".join(f"{line}\n" for line in lines)


def test_the_versions_are_those_that_were_looked_at() -> None:
    assert tuple(HEAD[1:]) == VERSIONS


@pytest.mark.parametrize(
    "name", [name for row in FAMILIES.values() if row.has_prefix for name in row.names], ids=lambda name: name.name
)
def test_a_name_is_there_from_its_first_to_its_last_version(name: object) -> None:
    assert isinstance(name, tuple)
    called, first, last = name
    assert versions_with(called) == list(VERSIONS[VERSIONS.index(first) : VERSIONS.index(last) + 1])


def test_every_name_of_every_version_is_known_and_no_other() -> None:
    shown = {bare(name.name) for row in FAMILIES.values() if row.has_prefix for name in row.names}
    assert not shown & OTHER_NAMES
    assert shown | OTHER_NAMES == {bare(row[0]) for row in ROWS} | OLDER_THAN_THE_TABLE


def test_the_table_is_the_one_that_is_proven_here() -> None:
    assert {metric.name: metric.kind for metric in FAMILIES} == {ours: theirs.kind for ours, theirs in THEIRS.items()}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_read_by_the_best_names_it_has(version: str) -> None:
    text = page_of(version)
    found = VllmPage(text)
    assert first_reader(text) == second_reader(text)
    assert {metric.name: is_offered for metric, is_offered in found.offered()} == offered_by(text)
    assert {ours for ours, is_offered in offered_by(text).items() if is_offered} == {
        ours for ours, theirs in THEIRS.items() if any(version in versions_with(name) for name in theirs.names)
    }
    assert (found.unknown, found.dropped) == (0, 0)


@pytest.mark.parametrize("ours", SEVERAL)
def test_of_two_names_the_new_one_counts_and_never_both(ours: str) -> None:
    new, old = (name.name for name in SEVERAL[ours])
    (kind,) = {metric.kind for metric in FAMILIES if metric.name == ours}
    both = vllm_readers.with_numbers_of_their_own(family(old, kind) + family(new, kind))
    alone = {
        name: "".join(line for line in both.splitlines(keepends=True) if f":{name}" in line) for name in (new, old)
    }
    assert first_reader(both) == first_reader(alone[new]) == second_reader(alone[new])
    assert first_reader(alone[old]) == second_reader(alone[old])
    assert first_reader(alone[old]) != first_reader(alone[new])
    other = both.replace(f"# TYPE vllm:{new}{'_total' * (kind == 'counter')} {kind}", f"# TYPE vllm:{new} summary")
    assert first_reader(other) == first_reader(alone[old]), "a new name of another type is not the metric"


def without(found: dict[Series, float], *names: str) -> dict[Series, float]:
    return {series: value for series, value in found.items() if series[0] not in names}


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_prefix_is_read(prefix: str) -> None:
    text = vllm_readers.with_numbers_of_their_own(AFTER)
    respelt = re.sub(r"^(# TYPE |# HELP )?vllm:", rf"\1{prefix}", text, flags=re.MULTILINE)
    rays = NOT_RAYS if prefix.startswith("ray_") else ()
    assert first_reader(respelt) == without(second_reader(text), *rays)


def test_counters_are_read_without_total_and_the_histogram_with_it() -> None:
    text = vllm_readers.with_numbers_of_their_own(AFTER)
    short = re.sub(r"^((?:# TYPE )?(?!vllm:iteration)\w+:?\w+)_total\b", r"\1", text, flags=re.MULTILINE)
    assert "generation_tokens_total{" not in short
    assert first_reader(short) == second_reader(text)


@pytest.mark.parametrize(
    "declared",
    ["vllm:iteration_tokens_total counter", "vllm:iteration_tokens_total unknown", "vllm:iteration_tokens histogram",
     "vllm:iteration_tokens counter", "vllm:iteration_tokens_total histogram"],
)  # fmt: skip
def test_what_has_buckets_is_a_histogram_whatever_is_declared(declared: str) -> None:
    text = family("iteration_tokens_total", "histogram")
    declared_so = text.replace("# TYPE vllm:iteration_tokens_total histogram", f"# TYPE {declared}")
    assert first_reader(declared_so) == second_reader(text) != {}


def test_a_counter_that_is_also_shown_as_a_gauge_is_read_as_the_counter() -> None:
    """Ray did so for a time: the gauge has the name without `_total`."""
    counter = family("generation_tokens", "counter").replace(" 1\n", " 7\n")
    both = (family("generation_tokens", "gauge") + counter).replace("vllm:", "ray_vllm:")
    assert list(first_reader(both).values()) == [7]


def test_families_that_no_version_has_are_counted_whatever_they_are() -> None:
    text = family("brand_new", "counter") + family("brand_new_seconds", "histogram") + "# TYPE vllm:newer_info info\n"
    text += family("num_requests_running", "gauge") + "# TYPE vllm:num_requests_running_created gauge\n"
    page = VllmPage(text + "# TYPE http_requests_of_somebody counter\n# TYPE python_info gauge\n")
    assert page.unknown == 3
    assert page.dropped == 0
    assert len(list(page.samples("vllm"))) == 1


def test_the_document_says_which_name_is_read_in_which_version() -> None:
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in with_names("<!-- names -->\n<!-- end of names -->").splitlines()
        if line.startswith("|")
    ]
    head = rows[0]
    cells = {row[0].strip("`"): dict(zip(head, row, strict=True)) for row in rows[2:]}
    assert set(cells) == {metric.name for metric in FAMILIES}
    latency = cells["ragpulse_vllm_inter_token_latency_seconds"]
    assert [latency[version] for version in ("0.9.2 …", "0.10.2", "0.12.0 …", "0.15.0")] == ["2", "1 (2)", "1 (2)", "1"]
    assert cells["ragpulse_vllm_admission_rejections_total"]["0.16.0 …"] == ""
    assert cells["ragpulse_vllm_admission_rejections_total"]["0.32.0"] == "yes"

"""Lines of a page that are unlike those of vLLM, and still right: they are read as the official library reads them."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporters.source import SourceError
from exporters.vllm_page import VllmPage
from exporters.vllm_text import MAX_LINE, MAX_LINES, read

NAME = "vllm:num_requests_running"
TYPE = f"# TYPE {NAME} gauge\n"
LINES = {
    "as vLLM writes it": '{engine="0",model_name="m"} 1.5',
    "another order": '{model_name="m",engine="0"} 1.5',
    "spaces and a comma at the end": ' { engine = "0" , model_name = "m" , }  1.5 ',
    "a tab": '{engine="0",model_name="m"}\t1.5',
    "a time": '{engine="0",model_name="m"} 1.5 1700000000000',
    "a time after a tab": '{engine="0",model_name="m"} 1.5\t1700000000000',
    "an exemplar": '{engine="0",model_name="m"} 1.5 # {trace_id="x"} 0.5 1700000000.1',
    "a brace and a hash in a label": '{engine="0",model_name="m} 2 # {"} 1.5',
    "escapes": '{engine="0",model_name="a \\"quoted\\" \\\\ name"} 1.5',
    "an exponent": '{engine="0",model_name="m"} 15e-1',
    "no labels": " 1.5",
    "no labels, a time": " 1.5 1700000000000",
    "no labels, an exemplar": ' 1.5 # {trace_id="x"} 0.5',
    "empty labels": "{} 1.5",
}


@pytest.mark.parametrize("rest", LINES.values(), ids=LINES)
def test_a_line_is_read_as_the_library_reads_it(rest: str) -> None:
    text = TYPE + NAME + rest + "\n"
    ((family,),) = (text_string_to_metric_families(text),)
    (theirs,) = family.samples
    (ours,) = read(text).series[NAME]
    assert (ours.labels.said, ours.value) == (theirs.labels, theirs.value)
    assert ours.value == 1.5


@pytest.mark.parametrize("number", ["1_000", "0x10", "", "1,5", "1.5}", "} 1.5"])
def test_a_value_that_is_no_number_makes_the_page_unreadable(number: str) -> None:
    with pytest.raises(SourceError, match="is not Prometheus text"):
        read(f'{TYPE}{NAME}{{engine="0"}} {number}\n')


def test_lines_that_nobody_needs_are_not_parsed() -> None:
    text = (
        f"{TYPE}{NAME} 1\nvllm:num_requests_swapped{{ garbled\nvllm:{'x' * MAX_LINE}\nother{{\n# HELP vllm:\n# TYPE\n"
    )
    assert {name: len(series) for name, series in read(text).series.items()} == {NAME: 1}


def test_a_page_of_more_lines_than_any_is_refused() -> None:
    line = NAME + '{engine="0",model_name="m"} 1\n'
    assert len(read(TYPE + line * MAX_LINES).series[NAME]) == MAX_LINES
    with pytest.raises(SourceError, match="larger than that of any vLLM"):
        read(TYPE + line * (MAX_LINES + 1))


def test_a_label_that_two_polls_have_in_common_is_the_same_in_both() -> None:
    polls = [f'{TYPE}{NAME}{{engine="0",model_name="m"}} {value}\n' for value in (1, 2)]
    assert [next(VllmPage(poll).samples("s")).value for poll in polls] == [1, 2]
    assert read(polls[0]).series[NAME][0].labels is read(polls[1]).series[NAME][0].labels

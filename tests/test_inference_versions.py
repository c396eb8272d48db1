"""Every page of vLLM that was recorded, of every version: what the board of inference asks of an engine is there, or
the board says that this version does not offer it, or the panel itself says why there may be nothing.
"""

import re
from pathlib import Path

import pytest

from exporters.vllm_names import FAMILIES
from exporters.vllm_page import VllmPage
from tests.fakes.board_json import Json, example, expressions, panel, panels
from tests.test_vllm_page import PAGES, WITHOUT_VLLM

OF_VLLM = {metric.name: metric for metric in FAMILIES}
PANELS = [each for each in panels(example()["inference"]) if each["title"] != "Not offered by this version"]


def asked_of_an_engine(of: Json) -> set[str]:
    """Metrics of vLLM's own page among what a panel asks; of a histogram its name without the part that is read."""
    names = set(re.findall(r"\bragpulse_vllm_[a-z0-9_]+", " ".join(expressions(of))))
    return {base for name in names if (base := re.sub(r"_(bucket|sum|count)$", "", name)) in OF_VLLM}


def silent(page: VllmPage, of: Json) -> set[str]:
    """Metrics of a panel that the page offers and has no series of, where the panel has no words for that."""
    offered = {metric.name for metric, is_offered in page.offered() if is_offered}
    there = {sample.metric.name for sample in page.samples("vllm")}
    if of["fieldConfig"]["defaults"].get("noValue"):
        return set()
    return (asked_of_an_engine(of) & offered) - there


def test_most_panels_ask_vllm_itself() -> None:
    assert len([each for each in PANELS if asked_of_an_engine(each)]) > 12


@pytest.mark.parametrize("page", [each for each in PAGES if each.name not in WITHOUT_VLLM], ids=lambda path: path.name)
def test_what_the_board_asks_is_there_or_is_said_not_to_be_offered(page: Path) -> None:
    found = VllmPage(page.read_text())
    unexplained = {each["title"]: names for each in PANELS if (names := silent(found, each))}
    assert not unexplained


def test_what_is_not_offered_is_asked_for_by_the_panel_that_lists_it() -> None:
    (expression,) = expressions(panel(example()["inference"], "Not offered by this version"))
    assert "ragpulse_vllm_metric_offered" in expression
    assert expression.rstrip(")").endswith("== 0")

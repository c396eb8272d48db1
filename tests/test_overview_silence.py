"""Agents stop: the page says of nothing that it is well, whatever was recorded before."""

from datetime import UTC

from ragpulse import budget
from ragpulse.overview.page import Pages
from tests.fakes import mixed_cluster as mixed
from tests.fakes.overview_of import changed
from tests.fakes.prometheus_api import Answering
from tests.test_overview_page import Parsed

GOOD = {"met", "up", "resolved"}
# What Prometheus and its rules tell of themselves; and a strip shows what was.
OF_OTHERS = {"path"}


def well(answering: Answering) -> None:
    answering.instant[mixed.MET] = [(labels, 1) for labels, _ in answering.instant[mixed.MET]]
    answering.instant[budget.BUDGET_LEFT] = [(mixed.AVAILABLE["memory"], 0.9)]
    answering.instant[budget.measured(30 * 86400.0)] = [(mixed.AVAILABLE["memory"], 1)]


def silent(answering: Answering) -> None:
    answering.instant[mixed.AGENTS] = [(labels, 0) for labels, _ in answering.instant[mixed.AGENTS]]


def shown(page: Parsed) -> list[set[str]]:
    """Of each element, its classes."""
    return [set((attributes.get("class") or "").split()) for tag, attributes in page.tags if tag != "path"]


def rendered(*states: object) -> Parsed:
    return Parsed(Pages(note="", zone=UTC).overview(changed(*states), refreshing=True))  # type: ignore[arg-type]


def test_before_they_stop_targets_and_components_are_well() -> None:
    found = shown(rendered(well))
    for kind in ("tile", "component", "badge"):
        assert any(kind in classes and classes & GOOD for classes in found), kind
    assert {"bar"} in found, "a budget that is well has no colour of its own"


def test_once_no_agent_answers_nothing_is() -> None:
    found = shown(rendered(well, silent))
    still = [classes for classes in found if classes & GOOD and not classes & OF_OTHERS]
    assert [classes for classes in still if classes != {"badge", "up"}] == []
    assert len(still) <= 1, "the badge of the way to whoever is told, which Prometheus walks by itself"
    assert {"bar", "past"} in found
    assert {"bar"} not in found

"""An agent stops: nothing on a board that rests on it stays good, from the first evaluation on that knows of it.

Twelve minutes of what agents publish, judged every 10 s by the rules as they are shipped; at the end one of them, or
all, say nothing any more, as Prometheus writes it down after a scrape that failed. What rests on an agent is found out:
it is what would not be good if that agent told of nothing but trouble.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from alerts import timing
from alerts.prometheus import scrape_timeout
from ragpulse.catalogue.vllm_canary import CHECK as CANARY
from tests.fakes import silence
from tests.fakes.board_json import EXAMPLE, example
from tests.fakes.board_places import Rows, good, places
from tests.fakes.simulated import Past, given
from tests.fakes.world_values import NODES

PROMISED = 40.0  # seconds
SILENT, OTHER = NODES
# What no agent tells of → who does.
OF_OTHERS = {
    ("monitoring", "Monitoring down"): "Prometheus and Alertmanager",
    ("monitoring", "Targets: Up"): "the rows of Prometheus and Alertmanager",
    ("objectives", "Noisiest of the week: Times"): "the rules: what fired within the week",
}
# What is not good here even before → why.
NEVER_GOOD = {
    ("objectives", "Tickets firing"): "users wait, so that throughput and GPUs are judged: a ticket",
    ("node", "Alerts about it"): "that one",
    ("inference", "Not offered by this version"): "all is offered",
    ("monitoring", "Rules failing"): "Prometheus's own page is not written down here",
    ("monitoring", "Notifications lost"): "nor Alertmanager's",
    ("monitoring", "Targets: Took"): "nor how long a scrape took",
}
# The one service that both ask: vLLM, with canaries. The other agent judges it alone, of that and of no more.
OF_BOTH = {("component", "vllm"), ("check", CANARY)}
PLACES = tuple(places(example()))


@dataclass(frozen=True, slots=True)
class Seen:
    """The colours of each place, in their order."""

    well: Sequence[Rows]
    in_trouble: Sequence[Rows]
    silent: Sequence[Rows]
    all_silent: Sequence[Rows]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    def colours(past: Past, at: float, generation: int) -> Sequence[Rows]:
        # The board Node is of one: of the one that falls silent.
        asked = [place.asked(node=SILENT if place.board == "node" else ".*") for place in PLACES]
        found = given(past, asked, at, generation, tmp_path_factory.mktemp("past"))
        return [
            place.colours((each.labels, each.value) for each in samples)
            for place, samples in zip(PLACES, found, strict=True)
        ]

    return Seen(
        well=colours(silence.past(), silence.BEFORE, 0),
        in_trouble=colours(silence.past(broken={SILENT}), silence.BEFORE, -1),
        silent=colours(silence.past(silent={SILENT}), silence.KNOWN, 0),
        all_silent=colours(silence.past(silent=set(NODES)), silence.KNOWN, -1),
    )


def test_nearly_everything_is_good_before(seen: Seen) -> None:
    found = {(place.board, place.title) for place, rows in zip(PLACES, seen.well, strict=True) if not good(rows)}
    assert found == set(NEVER_GOOD)


def test_nothing_stays_good_that_rests_on_an_agent_which_has_stopped(seen: Seen) -> None:
    rests = {
        (place.board, place.title, labels)
        for place, well, trouble in zip(PLACES, seen.well, seen.in_trouble, strict=True)
        for labels in good(well) - good(trouble)
    }
    assert len(rests) > 60
    still = {
        (place.board, place.title, labels)
        for place, rows in zip(PLACES, seen.silent, strict=True)
        for labels in good(rows)
    }
    kept = rests & still
    assert all(labels & OF_BOTH for _, _, labels in kept)
    assert len(kept) < len(rests) / 5


def test_nothing_at_all_stays_good_once_every_agent_has_stopped(seen: Seen) -> None:
    still = {(place.board, place.title) for place, rows in zip(PLACES, seen.all_silent, strict=True) if good(rows)}
    assert still == set(OF_OTHERS)


def test_what_does_not_rest_on_it_stays_as_it_was(seen: Seen) -> None:
    for place, well, after in zip(PLACES, seen.well, seen.silent, strict=True):
        own = {labels for labels in good(well) if ("node", OTHER) in labels or ("component", OTHER) in labels}
        assert own <= good(after), (place.board, place.title)


def test_it_is_known_within_what_is_promised() -> None:
    """The next scrape fails, at the latest when it is given up; the next evaluation works with that."""
    interval = EXAMPLE.monitoring.scrape_interval
    assert interval + scrape_timeout(EXAMPLE) + timing.evaluation(EXAMPLE) <= PROMISED

"""Twelve minutes of the cluster of `worlds.py` as its agents publish them, at the end of which some fall silent."""

from collections.abc import Collection, Iterator, Mapping

from ragpulse import foreign
from ragpulse.metric import number
from ragpulse.promql import AGENT_JOB
from tests.fakes import worlds
from tests.fakes.board_json import EXAMPLE
from tests.fakes.simulated import STEP, Past
from tests.fakes.world_values import NODES, Value

_STEPS = 72
KNOWN = STEP * (_STEPS + 1)  # seconds: when Prometheus writes down that an agent did not answer
BEFORE = KNOWN - STEP


def past(*, broken: Collection[str] = (), silent: Collection[str] = ()) -> Past:
    """broken: nodes whose agents tell of nothing but trouble. silent: nodes whose agents stop at the end."""
    return Past(EXAMPLE, {**dict(_of_agents(broken, silent)), **dict(_of_targets(silent))})


def _of_agents(broken: Collection[str], silent: Collection[str]) -> Iterator[tuple[str, str]]:
    for well in (True, False):
        for name, labels, value in worlds.of_agents(well=well, end=BEFORE):
            if (labels["node"] in broken) != well:
                end = "stale" if labels["node"] in silent else _written(value, BEFORE + STEP)
                yield _selector(name, labels), f"{_values(value)} {end}"


def _of_targets(silent: Collection[str]) -> Iterator[tuple[str, str]]:
    for node in NODES:
        for job in (AGENT_JOB, "prometheus", "alertmanager"):
            at = {"job": job, "node": node, "cluster": EXAMPLE.name}
            answers = 0 if job == AGENT_JOB and node in silent else 1
            yield _selector(foreign.UP, at), f"1x{_STEPS} {answers}"


def _values(value: Value) -> str:
    first = _written(value, 0)
    return f"{first}{value.slope * STEP:+.10g}x{_STEPS}"


def _written(value: Value, at: float) -> str:
    """A moment of days ago is one after the beginning of time, which here was twelve minutes ago."""
    found = value.at + value.slope * (at - BEFORE)
    return number(max(found, 1.0) if value.at < 0 else found)


def _selector(name: str, labels: Mapping[str, str]) -> str:
    return name + "{" + ",".join(f'{label}="{text}"' for label, text in labels.items()) + "}"

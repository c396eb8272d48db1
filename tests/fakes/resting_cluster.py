"""The cluster of the rule tests while nothing is broken: all that its rules read, at what it says then."""

from collections.abc import Mapping

from ragpulse.vantage import vantages
from tests.fakes.resting_nodes import nodes
from tests.fakes.resting_services import CHECKS, CLUSTER, services
from tests.fakes.resting_values import Pace, number
from tests.fakes.series_values import words


def at_rest(steps: int, step: int) -> dict[str, str]:
    """Name of a series → its values. steps: how many follow the first; step: seconds between two."""
    pace = Pace(steps, step)
    return nodes(pace) | services(pace)


def changed(series: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """What is not there at rest cannot change."""
    assert not changes.keys() - series.keys()
    return {**series, **changes}


def one_probe_lost(series: Mapping[str, str], lost: int) -> dict[str, str]:
    """At that step one run of every probe of every service gets no answer."""
    changes: dict[str, str] = {}
    for service, checks in CHECKS.items():
        for node in vantages(CLUSTER, service):
            for what in ("up", "ready"):
                name = f'ragpulse_service_{what}{{service="{service}",node="{node}"}}'
                changes[name] = _zero_once(series[name], lost)
            # Of a round trip it is the first request, and the others are not made.
            for check in set(checks) - {"read_back", "delete"}:
                of = f'service="{service}",check="{check}"'
                name = f'ragpulse_probe_failures_total{{{of},reason="timeout",node="{node}"}}'
                changes[name] = _one_more(series[name], lost)
    return changed(series, changes)


def _zero_once(values: str, step: int) -> str:
    all_values = list(words(values))
    all_values[step] = "0"
    return " ".join(all_values)


def _one_more(values: str, step: int) -> str:
    all_values = words(values)
    return " ".join((*all_values[:step], *(number(float(value) + 1) for value in all_values[step:])))

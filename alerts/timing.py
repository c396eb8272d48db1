"""All times of alerts that depend on each other, in one place: each follows from the scrape interval alone.

A root is what explains others: a node that is down, a service beneath another. It must be known before what follows
from it is told, so it holds for one interval where a leaf holds for three: for + one evaluation of the one < for of the
other. Alertmanager waits for one more before it tells of anything. When a root ends, what follows from it goes on for a
moment: services start, windows still hold what was seen while it lasted. A root is not kept firing for that long, which
would tell everybody that a healed node is down; its leaves look back instead (`settling`).
"""

import re

from ragpulse.inventory import Cluster
from ragpulse.recorded import long_window, short_window
from ragpulse.units import DURATION_UNITS

_ROOT_INTERVALS, _LEAF_INTERVALS, _PATIENCE_INTERVALS = 1, 3, 2
_AFTERWARDS = 60.0
_RANGE = re.compile(r"\[(\d+)(ms|s|m|h|d)[\]:]")


def evaluation(cluster: Cluster) -> float:
    return cluster.monitoring.scrape_interval


def root_hold(cluster: Cluster) -> float:
    return _ROOT_INTERVALS * evaluation(cluster)


def leaf_hold(cluster: Cluster) -> float:
    return _LEAF_INTERVALS * evaluation(cluster)


def group_wait(cluster: Cluster) -> float:
    return evaluation(cluster)


def patience(cluster: Cluster) -> float:
    """A reading that misses one scrape must not end an alert."""
    return _PATIENCE_INTERVALS * evaluation(cluster)


def settling(cluster: Cluster, window: float = 0.0) -> float:
    """For how long after its root a leaf is still explained by it: its window, at least the short one, and a minute.

    Not beyond the long window: what compares with hours ago is not wrong for as long.
    """
    return min(max(short_window(cluster), window), long_window(cluster)) + _AFTERWARDS


def looks_back(expression: str) -> float:
    """The longest range in it."""
    return max((float(amount) * DURATION_UNITS[unit] for amount, unit in _RANGE.findall(expression)), default=0.0)

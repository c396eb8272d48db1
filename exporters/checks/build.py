"""All checks of a cluster, as seen from one node, in the order in which they are shown. The only list of them."""

from __future__ import annotations

from exporters.checks import agents, backups, clocks, files, monitoring, pairs
from exporters.checks.check import Check, Key, Scene
from exporters.checks.services import ServiceChecks
from exporters.checks.ways import Ways
from ragpulse import vantage


def build(scene: Scene) -> list[Check]:
    ways = Ways(scene)
    services = [check for name in scene.cluster.services for check in ServiceChecks(scene, ways, name).found]
    walks = pairs.checks(scene, _seconds(scene), {check.key for check in services})
    nodes = [*agents.checks(scene, ways), *clocks.checks(scene, {check.key for check in ways.checks()})]
    found = [*services, *walks, *backups.checks(scene), *nodes, *files.checks(scene)]
    found += monitoring.checks(scene, ways)
    return _by_subject([*ways.checks(), *found])


def _by_subject(checks: list[Check]) -> list[Check]:
    subjects = {check.subject: place for place, check in reversed(list(enumerate(checks)))}
    return sorted(checks, key=lambda check: subjects[check.subject])


def chosen(checks: list[Check], services: frozenset[str]) -> list[Check]:
    """Those about these services alone, and all that they need."""
    by_key = {check.key: check for check in checks}
    wanted = [check for check in checks if check.services and check.services <= services]
    keys: set[Key] = set()
    while wanted:
        check = wanted.pop()
        if check.key not in keys:
            keys.add(check.key)
            wanted += [by_key[need] for need in check.needs]
    return [check for check in checks if check.key in keys]


def _seconds(scene: Scene) -> float:
    """Of one request, which a whole path is not."""
    asked = (name for name, service in scene.cluster.services.items() if service.kind != "rag")
    return max((vantage.request_timeout(scene.cluster, name) for name in asked), default=3.0)

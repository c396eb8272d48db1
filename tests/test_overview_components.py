from typing import Any

import pytest

from tests.fakes import mixed_cluster as mixed
from tests.fakes.mixed_cluster import NOW
from tests.fakes.overview_of import Change, changed, overview_of


def test_each_component_has_its_state_and_the_reason_for_it() -> None:
    overview = changed()
    assert [(found.name, found.kind, found.state, found.reason) for found in overview.components] == [
        ("alpha", "node", "up", "its agent answers"),
        ("beta", "node", "up", "its agent answers"),
        (
            "chroma", "chroma", "degraded",
            (
                "probes `query`, `ready` from beta fail: auth (the credentials are refused); "
                "it answers but cannot do its work"
            ),
        ),
        ("memory", "memory", "up", "answers and can do its work"),
        ("vllm", "vllm", "up", "vLLM is serving"),
        ("swarm", "swarm", "unknown", "not watched by this version"),
        ("nightly", "borg backup", "up", "last succeeded 7 h 30 min ago"),
    ]  # fmt: skip
    chroma = overview.components[2]
    assert chroma.nodes == ("alpha",)
    assert chroma.since.at is not None
    assert NOW - 180 <= chroma.since.at <= NOW - 170


def component_is(name: str, value: float, kind: str = "service") -> Change:
    return lambda answering: answering.instant.update({mixed.STATE: [(mixed.component(name, kind), value)]})


@pytest.mark.parametrize(
    ("changes", "name", "state", "reason"),
    [
        pytest.param(
            [component_is("beta", 1, "node"), lambda a: a.instant.update({mixed.AGENTS: [({"node": "beta"}, 0)]})],
            "beta", "down", "its agent does not answer: the node, its network or the agent is down", id="a node down",
        ),
        pytest.param(
            [lambda a: a.instant.update({mixed.AGENTS: [({"node": "alpha"}, 1), ({"node": "beta"}, 0)]})],
            "beta", "unknown", "its agent has just stopped answering", id="the scrape knows before the rule",
        ),
        pytest.param(
            [lambda a: a.instant.update({mixed.AGENTS: [({"node": "alpha"}, 1), ({"node": "beta"}, 0)]})],
            "memory", "unknown", "nothing measures it: agent beta is down", id="nobody looks at a service",
        ),
        pytest.param(
            [
                component_is("memory", 1),
                lambda a: a.instant.update({mixed.AGENTS: [({"node": "alpha"}, 0), ({"node": "beta"}, 1)]}),
                lambda a: a.instant.update({mixed.UP: [({"service": "memory", "node": "beta"}, 0)]}),
            ],
            "memory", "down", "agent alpha is down, where it lives; it does not answer", id="its node is down",
        ),
        pytest.param(
            [
                component_is("memory", 2),
                lambda a: a.instant.update(
                    {mixed.UP: [({"service": "memory", "node": node}, node == "alpha") for node in ("alpha", "beta")]}
                ),
            ],
            "memory", "degraded", "it does not answer beta", id="one of two sees it",
        ),
        pytest.param(
            [
                component_is("memory", 2),
                lambda a: a.instant.update(
                    {mixed.READY: [({"service": "memory", "node": n}, n == "alpha") for n in ("alpha", "beta")]}
                ),
            ],
            "memory", "degraded", "it cannot do its work for beta", id="one of two can use it",
        ),
        pytest.param(
            [
                component_is("vllm", 2),
                lambda a: a.instant.update({mixed.VLLM: [({"service": "vllm", "state": "stalled"}, 1)]}),
            ],
            "vllm", "degraded", "vLLM is stalled", id="vLLM says what it is doing",
        ),
        pytest.param([component_is("memory", 2)], "memory", "degraded", "no probe says why", id="no reason is known"),
        pytest.param([component_is("memory", 0)], "memory", "unknown", "no data yet", id="recorded as unknown"),
        pytest.param([component_is("memory", 7)], "memory", "unknown", "no data yet", id="recorded as nonsense"),
    ],
)  # fmt: skip
def test_a_component_in_trouble_says_what_is_wrong(changes: list[Change], name: str, state: str, reason: str) -> None:
    answering = mixed.mixed()
    answering.instant[mixed.READY] = []
    for change in changes:
        change(answering)
    found = next(each for each in overview_of(answering).components if each.name == name)
    assert (found.state, found.reason) == (state, reason)


def fires(
    name: str, severity: str, summary: str, *, state: str = "firing", service: str | None = None
) -> dict[str, Any]:
    found = mixed.alert(severity, service or "beta", summary, "1e+00", state=state)
    return mixed.alert_rule(name, "ragpulse_gpu_up == 0", {**found, "labels": {**found["labels"], "node": "beta"}})


def test_a_degraded_node_says_what_its_alerts_say_what_pages_first_and_not_those_of_its_services() -> None:
    found = reason_of_beta(
        fires("SourceFailing", "ticket", "beta: source disk failed 12 times."),
        fires("GpuLost", "page", "beta: GPU 1 was there and does not answer any more."),
        fires("GpuHot", "ticket", "beta: GPU 0 is hot.", state="pending"),
        fires("ServiceDown", "page", "memory on beta does not answer.", service="memory"),
    )
    assert found == "GPU 1 was there and does not answer any more; source disk failed 12 times"


def test_a_degraded_node_names_three_alerts_and_counts_the_rest_and_has_words_when_there_is_none() -> None:
    many = [fires("GpuLost", "page", f"beta: GPU {gpu} is gone.") for gpu in range(5)]
    assert reason_of_beta(*many) == "GPU 0 is gone; GPU 1 is gone; GPU 2 is gone; and 2 more"
    assert reason_of_beta() == "its agent answers; what was wrong has just ended"


def reason_of_beta(*rules: dict[str, Any]) -> str:
    overview = changed(component_is("beta", 2, "node"), lambda a: a.alert_rules.extend(rules))
    return next(each.reason for each in overview.components if each.name == "beta")


@pytest.mark.parametrize(
    ("value", "changes", "reason"),
    [
        pytest.param(
            1, [lambda a: a.alert_rules.append(about_nightly("BackupDamaged", "the backup cannot be relied on"))],
            "the backup cannot be relied on", id="down",
        ),
        pytest.param(
            2, [lambda a: a.alert_rules.append(about_nightly("BackupStale", "the backup is 2 d old"))],
            "the backup is 2 d old", id="degraded",
        ),
        pytest.param(2, [], "what was wrong has just ended", id="degraded a moment ago"),
        pytest.param(
            1, [lambda a: a.instant.update({mixed.BACKUPS: [({"backup": "nightly"}, 0)]})],
            "it has never succeeded", id="down from its first minute",
        ),
        pytest.param(3, [lambda a: a.instant.update({mixed.BACKUPS: []})], "nothing is wrong", id="up by a stat alone"),
        pytest.param(0, [], "no data yet", id="unknown"),
        pytest.param(
            3, [lambda a: a.instant.update({mixed.AGENTS: [({"node": "alpha"}, 0), ({"node": "beta"}, 1)]})],
            "nothing reads it: agent alpha is down", id="nobody reads it",
        ),
    ],
)  # fmt: skip
def test_a_backup_in_trouble_says_what_is_wrong(value: float, changes: list[Change], reason: str) -> None:
    overview = changed(component_is("nightly", value, "backup"), *changes)
    assert next(each.reason for each in overview.components if each.name == "nightly") == reason


def about_nightly(name: str, words: str) -> dict[str, Any]:
    found = mixed.alert("ticket", "nightly", f"nightly: {words}.", "1e+00")
    labels = {**found["labels"], "node": "alpha", "backup": "nightly"}
    return mixed.alert_rule(name, "ragpulse_backup_failure == 1", {**found, "labels": labels})


def test_a_node_and_a_service_of_one_name_are_told_apart() -> None:
    both = mixed.cluster(mixed.CLUSTER.replace("memory: {kind", "beta: {kind"))
    answering = mixed.mixed()
    answering.instant[mixed.STATE] = [(mixed.component("beta", "node"), 3), (mixed.component("beta"), 1)]
    found = [each for each in overview_of(answering, of=both).components if each.name == "beta"]
    assert [(each.state, each.anchor) for each in found] == [
        ("up", "component-beta"), ("down", "component-memory-beta"),
    ]  # fmt: skip

"""Whatever cluster is watched: every rule is PromQL over what exists, every promise is judged by good and total."""

from typing import Any

import yaml
from hypothesis import given, reject
from hypothesis import strategies as st

from ragpulse import cluster_file, yaml_file
from ragpulse.errors import ConfigError
from ragpulse.inventory import Cluster
from ragpulse.objectives import objectives
from ragpulse.targets import RESPONSE_CHECKS
from ragpulse.units import prometheus_duration
from tests.fakes.rule_tests import all_rules, assert_names_exist
from tests.fakes.strategies import tries

NODES = ("a", "b-1", "c_2")
names = st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True) | st.sampled_from(
    ("no", "on", "y", "null", "true", "by")
)
durations = st.integers(1, 10**7).map(lambda thousandths: prometheus_duration(thousandths / 1000))
ratios = st.floats(0.0001, 0.9999)


@st.composite
def services(draw: st.DrawFn, nodes: tuple[str, ...]) -> dict[str, Any]:
    kind = draw(st.sampled_from(("vllm", "ray", "chroma", "memory", "http", "rag", "swarm")))
    found: dict[str, Any] = {"kind": kind, "nodes": draw(st.lists(st.sampled_from(nodes), min_size=1, unique=True))}
    if kind not in {"ray", "swarm"}:
        found["url"] = f"http://127.0.0.1:{draw(st.integers(10_000, 60_000))}"
    if kind == "chroma" and draw(st.booleans()):
        found["query"] = {"collection": draw(st.text('ab.$"\\{}', min_size=1, max_size=5))}
    if kind == "memory":
        found |= {check: {"path": "/x"} for check in ("ready", "search") if draw(st.booleans())}
    return found


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    nodes = tuple(draw(st.lists(st.sampled_from(NODES), min_size=1, unique=True)))
    targets: dict[str, Any] = {
        "availability": {"objective": draw(ratios)},
        "response_time": {
            "below": draw(durations),
            "objective": draw(ratios),
            "of": {
                kind: draw(st.sampled_from(checks)) for kind, checks in RESPONSE_CHECKS.items() if draw(st.booleans())
            },
        },
        "time_to_first_token": {"below": draw(durations), "objective": draw(ratios)},
        "throughput": {"at_least": f"{draw(st.integers(1, 10**6))} tokens/s"},
        "gpu_utilization": dict(zip(("low", "high"), sorted((draw(st.floats(0.01, 0.5)), 0.9)), strict=True)),
    }
    if targets["response_time"]["of"].get("vllm") == "end_to_end":
        targets["response_time"]["below"] = "1s"
    text = yaml.safe_dump({
        "cluster": draw(names),
        "nodes": {name: {"address": f"127.0.0.{index}"} for index, name in enumerate(nodes, start=1)},
        "services": draw(st.dictionaries(names, services(nodes), max_size=4)),
        "monitoring": {
            "nodes": draw(st.lists(st.sampled_from(nodes), max_size=2, unique=True)),
            "scrape_interval": f"{draw(st.integers(1000, 120_000))}ms",
        },
        "targets": {name: target if draw(st.booleans()) else None for name, target in targets.items()},
    })  # fmt: skip
    try:
        return cluster_file.parse(yaml_file.parse(text, "c"), "c")
    except ConfigError:
        reject()  # a promise that these probes could not tell, two services at one place, and the like


@tries(0.2)
@given(clusters())
def test_every_rule_reads_only_what_exists_and_every_promise_is_judged_by_a_pair(cluster: Cluster) -> None:
    rules = all_rules(cluster)
    assert_names_exist(rules)
    recorded = [(rule["record"].split(":")[1], rule.get("labels")) for rule in rules if "record" in rule]
    for objective in objectives(cluster):
        labels = objective.labels | {"cluster": cluster.name}
        said = [subject for subject, of in recorded if of == labels]
        windows = 0 if objective.unmeasured else 2
        assert said.count("slo_objective") == 1
        assert said.count("slo_good") == said.count("slo_total") == said.count("slo_value") == windows
        assert said.count("slo_met") == windows / 2

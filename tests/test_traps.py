"""The traps that ratio rules fall into, one by one: each is laid for our rules by a promtool test, named here.

One is a trap for exporters: a counter that is born when it first counts loses what it began with, since a rate needs
two samples. So every counter that a budget reads is there at 0 before anything happened.
"""

import pytest
import yaml

from exporters.service_sources import service_sources
from exporters.source import Counting
from ragpulse import cluster_file, yaml_file
from ragpulse.catalogue import vllm
from ragpulse.catalogue.service import FAILURES, REASONS, REQUESTS, WITHIN_TARGET
from tests.fakes.rule_cases import FOLDER

TRAPS = {
    "one failure of twelve an hour": ("budget", "one failure of twelve in an hour is counted, and silent"),
    "a total outage": ("budget", "a total outage that no other alert tells of is a page within three minutes"),
    "no requests": ("budget", "without requests nothing is recorded, neither NaN nor 0"),
    "thirty idle minutes": ("budget", "thirty idle minutes leave no NaN"),
    "a label that was never seen": ("budget", "a failure counter that was never seen is no failure"),
    "a counter that is born at five": (
        "budget", "a counter that is born at five counts from then on, which is why ours are born at zero"
    ),
    "a dead target has no budget": (
        "budget", "once nobody probes any more nothing is measured, and what was measured stays what it was"
    ),
    "a dead target is told of": (
        "node", "an agent that misses two scrapes in a row is down, one that misses one is not, and an answer ends it"
    ),
    "a vanished target is told of": (
        "monitoring", "a node of the cluster file that is no target is missed after 30 s, and no longer once it is one"
    ),
    "a fresh database": ("budget", "ten failures in the first five minutes of a database are no hour"),
}  # fmt: skip

CLUSTER = """\
cluster: c
nodes: {a: {address: 127.0.0.1}}
services:
  site: {kind: http, nodes: [a], url: 'http://127.0.0.1:1/'}
  vllm: {kind: vllm, nodes: [a], url: 'http://127.0.0.1:1'}
"""


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_is_laid_for_our_rules(trap: str) -> None:
    component, name = TRAPS[trap]
    (test,) = (
        one for one in yaml.safe_load((FOLDER / f"{component}.yml").read_text())["tests"] if one.get("name") == name
    )
    assert test.get("promql_expr_test", []) + test.get("alert_rule_test", [])


def test_every_counter_that_a_budget_reads_is_born_at_zero() -> None:
    cluster = cluster_file.parse(yaml_file.parse(CLUSTER, "c"), "c")
    born = {
        (sample.metric, sample.labels, sample.value)
        for planned in service_sources(cluster, "a")
        if isinstance(planned.source, Counting)
        for sample in planned.source.counters()
    }
    assert {(FAILURES, ("site", "response", reason), 0) for reason in REASONS} <= born
    assert {(each, ("site", "response"), 0) for each in (REQUESTS, WITHIN_TARGET)} <= born
    assert {(each, ("vllm",), 0) for each in (vllm.DEMAND_SECONDS, vllm.DEMAND_WITHIN_TARGET)} <= born

"""What the rules of all targets have in common: series per objective, and silence where nothing is measured."""

from pathlib import Path

import pytest

from ragpulse import cluster_file, recorded, yaml_file
from ragpulse.objectives import objectives
from tests.fakes.rule_tests import all_rules, rule_list, small_cluster

EXAMPLE = cluster_file.load(Path(__file__).parent.parent / "cluster.example.yaml")
SLOS = ("availability", "response_time", "time_to_first_token", "throughput", "gpu_utilization")


@pytest.mark.parametrize("slo", SLOS)
def test_every_measured_objective_has_all_its_series_and_one_ticket(slo: str) -> None:
    rules = rule_list(EXAMPLE, slo)
    for objective in objectives(EXAMPLE):
        if objective.slo != slo:
            continue
        labels = (rule["labels"] for rule in rules)
        own = [
            rule
            for rule, label in zip(rules, labels, strict=True)
            if label["service"] == objective.service and label.get("check", objective.check) == objective.check
        ]
        names = {rule["record"] for rule in own if "record" in rule}
        if objective.unmeasured:
            assert names == {recorded.SLO_OBJECTIVE}
            assert len(own) == 1
            continue
        assert names == {
            recorded.SLO_OBJECTIVE, recorded.slo_met(EXAMPLE),
            *(name(window) for window in (60.0, 300.0)
              for name in (recorded.slo_good, recorded.slo_total, recorded.slo_value)),
        }  # fmt: skip
        assert [rule["labels"]["severity"] for rule in own if "alert" in rule] == ["ticket"]
        for rule in own:
            if "record" in rule:
                assert rule["labels"] == {"cluster": "tron", **objective.labels}


def test_nothing_that_is_judged_or_budgeted_is_counted_while_work_on_its_service_is_announced() -> None:
    counted = [
        rule
        for rule in all_rules(EXAMPLE)
        if rule.get("record", "").startswith(("ragpulse:slo_good", "ragpulse:slo_total"))
    ]
    assert {rule["labels"]["slo"] for rule in counted} == set(SLOS)
    for rule in counted:
        window = rule["record"].rpartition(":rate")[2]
        announced = f'ragpulse_maintenance{{service="{rule["labels"]["service"]}"}}[{window}]'
        assert rule["expr"].endswith(f" unless on () max_over_time({announced}) == 1"), rule


def test_a_target_that_is_switched_off_leaves_no_rule() -> None:
    text = (
        "cluster: c\nnodes: {a: {address: 127.0.0.1}}\n"
        "services: {v: {kind: vllm, nodes: [a], url: 'http://127.0.0.1'}}\n"
        "targets: {throughput: ~, time_to_first_token: ~}\n"
    )
    cluster = cluster_file.parse(yaml_file.parse(text, "c"), "c")
    assert not rule_list(cluster, "throughput")
    assert not rule_list(cluster, "time_to_first_token")
    assert rule_list(cluster, "availability")


def test_a_target_below_every_bucket_is_not_judged() -> None:
    text = (
        "cluster: c\nnodes: {a: {address: 127.0.0.1}}\n"
        "services: {v: {kind: vllm, nodes: [a], url: 'http://127.0.0.1'}}\n"
        "targets: {time_to_first_token: {below: 0.5ms}, response_time: {below: 1ms}}\n"
    )
    cluster = cluster_file.parse(yaml_file.parse(text, "c"), "c")
    for slo in ("time_to_first_token", "response_time"):
        assert [rule.get("record") for rule in rule_list(cluster, slo)] == [recorded.SLO_OBJECTIVE]


def test_the_value_in_a_ticket_stands_beside_its_target() -> None:
    ticket = next(rule for rule in rule_list(small_cluster(), "throughput") if "alert" in rule)
    assert ticket["annotations"]["summary"] == (
        "vllm: {{ $value | humanize }} tokens/s while requests wait; target: 1000 tokens/s while requests wait."
    )
    first_token = next(rule for rule in rule_list(small_cluster(), "time_to_first_token") if "alert" in rule)
    assert "judged at 1 s, the next lower edge" in first_token["annotations"]["description"]

from ragpulse import cluster_file, vantage, yaml_file
from ragpulse.inventory import Cluster


def cluster(nodes: int, service: str) -> Cluster:
    names = "".join(f"  n{i}: {{address: 127.0.1.{i}}}\n" for i in range(1, nodes + 1))
    text = f"cluster: many\nnodes:\n{names}services:\n  s: {{kind: http, url: 'http://127.0.1.1', {service}}}\n"
    return cluster_file.parse(yaml_file.parse(text, "c"), "c")


def test_probes_run_on_other_nodes_so_that_a_dead_node_burns_the_budget_of_what_lived_there() -> None:
    assert vantage.vantages(cluster(2, "nodes: [n1]"), "s") == ("n2",)


def test_a_service_over_all_nodes_is_probed_from_where_its_head_is_not() -> None:
    assert vantage.vantages(cluster(2, "nodes: [n1, n2]"), "s") == ("n2",)


def test_the_only_node_probes_itself() -> None:
    assert vantage.vantages(cluster(1, "nodes: [n1]"), "s") == ("n1",)


def test_three_vantages_are_chosen_the_same_way_each_time_and_outlive_a_new_node() -> None:
    before = vantage.vantages(cluster(50, "nodes: [n1]"), "s")
    assert len(before) == 3
    assert vantage.vantages(cluster(50, "nodes: [n1]"), "s") == before
    assert len(set(before) & set(vantage.vantages(cluster(51, "nodes: [n1]"), "s"))) >= 2


def test_written_vantages_are_kept() -> None:
    assert vantage.vantages(cluster(3, "nodes: [n1], probe_from: [n1, n3]"), "s") == ("n1", "n3")


def test_three_hanging_requests_fit_into_one_interval() -> None:
    found = cluster(2, "nodes: [n1], every: 5s")
    assert vantage.interval(found, "s") == 5
    assert vantage.request_timeout(found, "s") * 3 < 5

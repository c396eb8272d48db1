from pathlib import Path

import pytest

from ragpulse import budget, cluster_file, yaml_file
from ragpulse.objectives import Objective, in_demand, objectives

EXAMPLE = Path(__file__).parent.parent / "cluster.example.yaml"


def found(text: str) -> dict[tuple[str, str], Objective]:
    cluster = cluster_file.parse(yaml_file.parse(text, "c"), "c")
    return {(o.slo, o.service): o for o in objectives(cluster)}


VLLM = "cluster: c\nnodes: {a: {address: 127.0.0.1}}\nservices: {v: {kind: vllm, nodes: [a], url: 'http://a'}}\n"


def test_each_target_is_judged_for_each_service_that_it_means() -> None:
    assert [(o.slo, o.service, o.check) for o in objectives(cluster_file.load(EXAMPLE))] == [
        ("availability", "vllm", "canary"),
        ("availability", "chroma", "ready"),
        ("availability", "memory", "health"),
        ("availability", "gateway", "response"),
        ("availability", "rag", "path"),
        ("response_time", "vllm", "inter_token"),
        ("response_time", "chroma", "query"),
        ("response_time", "memory", "search"),
        ("response_time", "gateway", "response"),
        ("time_to_first_token", "vllm", "first_token"),
        ("throughput", "vllm", "generation"),
        ("gpu_utilization", "vllm", "busy"),
    ]


def test_throughput_has_a_budget_of_demand_time_beside_the_mean_that_is_judged() -> None:
    cluster = cluster_file.load(EXAMPLE)
    (share,) = in_demand(cluster)
    assert (share.service, share.check, share.unit) == ("vllm", "demand", "ratio")
    assert (share.value, share.text) == (0.95, "95 % of demand time with 1000 tokens/s")
    assert (share.budget_window, share.event) == (30 * 86400, 60)
    assert share in budget.budgeted(cluster)


def test_a_target_between_two_edges_is_judged_at_the_lower_one_and_says_so() -> None:
    first_token = found(VLLM)["time_to_first_token", "v"]
    assert first_token.edge == 1.0
    assert first_token.note == "judged at 1 s, the next lower edge of its histogram"
    assert found(VLLM)["response_time", "v"].edge == 0.1
    assert found(VLLM)["response_time", "v"].note == ""


@pytest.mark.parametrize(
    ("target", "text"),
    [
        pytest.param("response_time: {below: 2.5s, objective: 0.99999}", "99.999 % within 2.5 s", id="a half second"),
        pytest.param("response_time: {below: 0.5ms, objective: 0.07}", "7 % within 0.5 ms", id="half a millisecond"),
        pytest.param("response_time: {below: 90s}", "99 % within 90 s", id="more than a minute"),
        pytest.param("throughput: {at_least: 1234567 tokens/s}", "1234567 tokens/s while", id="many tokens"),
    ],
)
def test_a_promise_is_told_without_rounding(target: str, text: str) -> None:
    objective = found(VLLM + f"targets: {{{target}}}\n")[target.partition(":")[0], "v"]
    assert objective.text.startswith(text)


def test_vllm_is_judged_by_canaries_from_wherever_they_are_sent_unless_none_are() -> None:
    two = VLLM.replace("{address: 127.0.0.1}", "{address: 127.0.0.1}, b: {address: 127.0.0.2}")
    by_canary = found(two)["availability", "v"]
    assert (by_canary.check, by_canary.measured) == ("canary", "canaries from b, a; probe `ready` while none are sent")
    by_pages = found(two.replace("url:", "canary: {enabled: false}, url:"))["availability", "v"]
    assert (by_pages.check, by_pages.measured) == ("ready", "probe `ready` from b")


def test_where_a_version_offers_no_latency_canaries_are_judged_at_an_edge_of_their_own() -> None:
    assert found(VLLM)["time_to_first_token", "v"].canary_edge == 1.0
    assert found(VLLM)["response_time", "v"].canary_edge == 0.1
    slow = found(VLLM + "targets: {time_to_first_token: {below: 30s}}\n")["time_to_first_token", "v"]
    assert (slow.edge, slow.canary_edge) == (20.0, 10.0)
    off = found(VLLM.replace("url:", "canary: {enabled: false}, url:"))
    assert off["time_to_first_token", "v"].canary_edge is None


def test_a_target_below_every_edge_cannot_be_measured() -> None:
    objective = found(VLLM + "targets: {time_to_first_token: {below: 0.5ms}}\n")["time_to_first_token", "v"]
    assert objective.edge is None
    assert objective.unmeasured == "the target lies below the lowest bucket edge of vLLM's histogram"


def test_what_is_not_configured_is_said_and_never_judged() -> None:
    text = VLLM.replace("kind: vllm", "kind: memory")
    assert found(text)["response_time", "v"].unmeasured == (
        "no search request is configured: set services.<name>.search"
    )
    chroma = VLLM.replace("kind: vllm", "kind: chroma")
    assert found(chroma)["response_time", "v"].unmeasured is not None


def test_a_target_that_is_switched_off_is_not_in_the_list() -> None:
    assert {slo for slo, _ in found(VLLM + "targets: {availability: null, gpu_utilization: ~}\n")} == {
        "response_time",
        "time_to_first_token",
        "throughput",
    }


def test_only_what_we_ask_ourselves_always_has_a_verdict() -> None:
    probed = {(o.slo, o.service) for o in objectives(cluster_file.load(EXAMPLE)) if o.probed}
    services = ("vllm", "chroma", "memory", "gateway")
    assert probed == {
        *(("availability", name) for name in (*services, "rag")),
        *(("response_time", name) for name in services if name != "vllm"),
    }


def path(more: str) -> str:
    return VLLM.replace(
        "url: 'http://a'}}", f"url: 'http://a'}}, r: {{kind: rag, nodes: [a], depends_on: [v]{more}}}}}"
    )


def test_a_path_is_judged_by_its_availability_unless_it_has_a_time_of_its_own() -> None:
    assert ("response_time", "r") not in found(path(""))
    assert found(path(""))["availability", "r"].check == "path"
    assert found(path(", within: 5s"))["response_time", "r"].text == "99 % within 5 s"
    assert found(path(", within: 5s"))["response_time", "v"].text == "99 % within 100 ms"


def test_a_path_that_is_named_among_the_checks_is_judged_as_all_others() -> None:
    named = "targets: {response_time: {below: 2s, of: {rag: path}}}\n"
    assert found(path("") + named)["response_time", "r"].text == "99 % within 2 s"
    assert found(path(", within: 5s") + named)["response_time", "r"].text == "99 % within 5 s"


def test_the_gpus_are_promised_to_be_busy_and_not_to_be_idle() -> None:
    objective = found(VLLM + "targets: {gpu_utilization: {low: 0.7, high: 0.9}}\n")["gpu_utilization", "v"]
    assert (objective.value, objective.text) == (0.7, "at least 70 % busy while requests wait")

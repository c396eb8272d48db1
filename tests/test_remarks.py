"""What may be right and often is not is said, and refused by nobody."""

import pytest

from ragpulse import cluster_file, yaml_file
from ragpulse.remarks import remarks
from ragpulse.yaml_file import key_path

TWO_NODES = """\
cluster: tron
nodes:
  sark: {address: 192.0.2.69, networks: {connectx: 198.51.100.69}}
  clu: {address: 192.0.2.71}
notify: {receivers: {desk: {kind: webhook, url: 'http://192.0.2.71:9479/'}}, page: [desk]}
"""


def said(text: str) -> list[str]:
    cluster = cluster_file.parse(yaml_file.parse(text, "c.yaml"), "c.yaml")
    return [f"{key_path(path)}: {words}" for path, words, _ in remarks(cluster)]


@pytest.mark.parametrize(
    "url",
    ["http://192.0.2.69:3000", "http://198.51.100.69:3000", "http://memory.example:3000", "http://192.0.2.200:3000"],
    ids=["the node's address", "another network of it", "a name", "a proxy outside"],
)
def test_nothing_is_said_of_a_url_that_leads_to_its_node_or_that_nobody_can_judge(url: str) -> None:
    service = f"memory: {{kind: memory, nodes: [sark], url: '{url}', search: {{path: /search}}}}"
    assert said(f"{TWO_NODES}services: {{{service}}}\n") == []


def test_a_url_on_another_node_is_said() -> None:
    service = "memory: {kind: memory, nodes: [clu], url: 'http://198.51.100.69:3000', search: {path: /search}}"
    assert said(f"{TWO_NODES}services: {{{service}}}\n") == [
        "services.memory.url: 198.51.100.69 is sark, where this service does not live; right only behind a proxy"
    ]


def test_a_loopback_url_that_is_probed_from_elsewhere_is_said() -> None:
    service = "memory: {kind: memory, nodes: [clu], url: 'http://localhost:3000', search: {path: /search}}"
    assert said(f"{TWO_NODES}services: {{{service}}}\n") == [
        "services.memory.url: localhost is sark itself, from where it is probed; write the service's address"
    ]


def test_the_base_url_of_an_openai_client_is_said() -> None:
    [line] = said(f"{TWO_NODES}services: {{vllm: {{kind: vllm, nodes: [sark], url: 'http://192.0.2.69:8000/v1/'}}}}\n")
    assert line == "services.vllm.url: ends with /v1, but /v1/models and /health are added to it; leave /v1 out"


def test_what_a_path_needs_and_cannot_ask_is_said() -> None:
    chroma = "chroma: {kind: chroma, nodes: [sark], url: 'http://192.0.2.69:8001'}"
    memory = "memory: {kind: memory, nodes: [sark], url: 'http://192.0.2.69:3000', search: {path: /search}}"
    rag = "rag: {kind: rag, nodes: [sark], depends_on: [chroma, memory]}"
    lines = said(f"{TWO_NODES}services: {{{chroma}, {memory}, {rag}}}\ntargets: {{response_time: null}}\n")
    assert lines == ["services.rag: chroma is no stage of it: set services.chroma.query.collection"]


@pytest.mark.parametrize(
    ("canary", "said_of_it"),
    [
        ("{}", True),
        ("{every: 10s, timeout: 5s}", True),
        ("{every: 20s}", False),
        ("{enabled: false}", False),
    ],
)
def test_a_canary_that_gives_up_before_a_first_token_is_late_is_said(canary: str, said_of_it: bool) -> None:  # noqa: FBT001
    service = f"vllm: {{kind: vllm, nodes: [sark], url: 'http://192.0.2.69:8000', canary: {canary}}}"
    lines = said(f"{TWO_NODES}services: {{{service}}}\ntargets: {{time_to_first_token: {{below: 7s}}}}\n")
    assert [line.startswith("services.vllm.canary: gives up after ") for line in lines] == [True] * said_of_it


def test_a_target_of_which_nothing_is_measured_is_said_with_the_mend() -> None:
    service = "chroma: {kind: chroma, nodes: [sark], url: 'http://192.0.2.69:8001'}"
    [line] = said(f"{TWO_NODES}services: {{{service}}}\n")
    assert line.startswith("targets.response_time: nothing is judged of chroma: no collection to query")


def test_two_names_for_one_page_are_said() -> None:
    page = "{kind: http, nodes: [sark], url: 'http://192.0.2.69/health'}"
    assert said(f"{TWO_NODES}services:\n  login: {page}\n  search: {page}\n") == [
        "services.search.url: asks the same as login"
    ]


def test_what_is_accepted_and_not_watched_or_never_overdue_is_said() -> None:
    more = (
        "services: {swarm: {kind: swarm, nodes: [sark]}}\nbackups: {b: {kind: borg, node: sark, state_file: /b.json}}\n"
    )
    assert said(TWO_NODES + more) == [
        "services.swarm: swarm is accepted, and not watched by this version",
        "backups.b: has no `every`, so nobody is told when it is overdue",
    ]


def test_a_cluster_whose_alerts_nobody_hears_is_said() -> None:
    assert said("cluster: tron\nnodes: {sark: {address: 192.0.2.69}}\n") == [
        "notify.page: nobody is told of an alert that must be seen to at once"
    ]


def test_a_receiver_that_is_told_of_nothing_is_said() -> None:
    spare = "{desk: {kind: webhook, url: 'http://127.0.0.1:1/'}, spare: {kind: slack, url_file: /s}}"
    text = f"cluster: tron\nnodes: {{sark: {{address: 192.0.2.69}}}}\nnotify: {{receivers: {spare}, page: [desk]}}\n"
    assert said(text) == ["notify.receivers.spare: stands in neither page nor ticket, so it is told of nothing"]
    assert said(f"{text[:-2]}, ticket: [spare]}}\n") == []


@pytest.mark.parametrize(
    ("interval", "told"),
    [
        pytest.param("60s", [], id="five probes in five minutes"),
        pytest.param(
            "61s",
            ["services.site.every: its budget is told of from 5 failed probes on, which take 5 min here: 59 probes an"],
            id="a little more",
        ),
    ],
)
def test_probes_too_few_for_an_alert_about_their_budget_are_said(interval: str, told: list[str]) -> None:
    service = "site: {kind: http, nodes: [sark], url: 'http://192.0.2.69/'}"
    text = f"{TWO_NODES}services: {{{service}}}\nmonitoring: {{nodes: [sark], scrape_interval: {interval}}}\n"
    assert [line.removesuffix(" hour; probe more often") for line in said(text)] == told

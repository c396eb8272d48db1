"""Which rules a Chroma has: by what the cluster file says of its token and its data, and how soon they speak."""

import pytest

from ragpulse import cluster_file, yaml_file
from tests.fakes.rule_tests import rule_list


def rules(component: str, more: str = "") -> list[dict[str, str]]:
    text = (
        "cluster: c\nnodes: {a: {address: 127.0.0.1}}\n"
        f"services: {{store: {{kind: chroma, nodes: [a], url: 'http://127.0.0.1:8001'{more}}}}}\n"
    )
    return rule_list(cluster_file.parse(yaml_file.parse(text, "c"), "c"), component)


def names(component: str, more: str = "") -> list[str]:
    return [rule["alert"] for rule in rules(component, more)]


@pytest.mark.parametrize(
    ("token", "alerts"),
    [
        pytest.param(", token_file: /run/secrets/chroma", ["ChromaUnguarded"], id="one with a token"),
        pytest.param("", [], id="one without a token is open on purpose"),
    ],
)
def test_only_a_server_with_a_token_in_the_cluster_file_must_guard_its_data(token: str, alerts: list[str]) -> None:
    assert names("chroma", token) == alerts


def test_of_data_that_nobody_can_look_at_nothing_is_claimed() -> None:
    assert names("chroma_data") == []
    assert names("chroma_state") == ["ChromaLocked", "ChromaUnauthorized"]
    assert "ChromaDataMoved" in names("chroma_state", ", data_dir: /srv/chroma")


@pytest.mark.parametrize(("every", "hold"), [("", "30s"), (", every: 30s", "46s")])
def test_it_is_not_called_unready_before_its_state_can_be_known(every: str, hold: str) -> None:
    (not_ready,) = [rule for rule in rules("service", every) if rule["alert"] == "ServiceNotReady"]
    assert not_ready["for"] == hold

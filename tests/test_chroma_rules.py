"""Which Chroma servers are expected to guard their data."""

import pytest

from ragpulse import cluster_file, yaml_file
from tests.fakes.rule_tests import rule_list


@pytest.mark.parametrize(
    ("token", "alerts"),
    [
        pytest.param(", token_file: /run/secrets/chroma", ["ChromaUnguarded"], id="one with a token"),
        pytest.param("", [], id="one without a token is open on purpose"),
    ],
)
def test_only_a_server_with_a_token_in_the_cluster_file_must_guard_its_data(token: str, alerts: list[str]) -> None:
    text = (
        "cluster: c\nnodes: {a: {address: 127.0.0.1}}\n"
        f"services: {{store: {{kind: chroma, nodes: [a], url: 'http://127.0.0.1:8001'{token}}}}}\n"
    )
    cluster = cluster_file.parse(yaml_file.parse(text, "c"), "c")
    assert [rule["alert"] for rule in rule_list(cluster, "chroma")] == alerts

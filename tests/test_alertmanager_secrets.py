"""A secret that was rotated is used from the next notification on, without a restart."""

import json
from pathlib import Path

from tests.fakes.alertmanager import ONE_NODE, alert, alertmanager_of, cluster
from tests.fakes.binaries import each_generation
from tests.fakes.http_replay import Replay, replay_server, reply
from tests.fakes.running import free_ports, until


@each_generation
def test_a_rotated_secret_needs_no_restart(generation: int, tmp_path: Path) -> None:
    with replay_server() as outside:
        for path in ("/desk", "/slack-1", "/slack-2", "/pager"):
            outside.post(path, reply(202 if path == "/pager" else 200, b"ok"))
        port, relay = free_ports(2)
        notify = (
            "notify:\n  receivers:\n"
            f"    desk: {{kind: webhook, url: '{outside.url}/desk', token_file: {tmp_path}/token}}\n"
            f"    slack: {{kind: slack, url_file: {tmp_path}/slack}}\n"
            f"    pager: {{kind: pagerduty, routing_key_file: {tmp_path}/key, url: '{outside.url}/pager'}}\n"
            "  page: [desk, slack, pager]\n"
        )
        rotate(tmp_path, outside, "1")
        with alertmanager_of(
            cluster(ONE_NODE.format(alertmanager=port, relay=relay) + notify), tmp_path, generation
        ) as it:
            for turn in ("1", "2"):
                rotate(tmp_path, outside, turn)
                it.post(alert("ServiceDown", "page", component=f"service-{turn}"))
                until(lambda: len(outside.asked) == 3 * int(turn), "three notifications")  # noqa: B023 - asked at once
    assert [asked.headers["Authorization"] for asked in outside.asked_for("/desk")] == ["Bearer 1", "Bearer 2"]
    assert [json.loads(asked.body)["routing_key"] for asked in outside.asked_for("/pager")] == ["1", "2"]
    assert [len(outside.asked_for(f"/slack-{turn}")) for turn in ("1", "2")] == [1, 1]


def rotate(folder: Path, outside: Replay, turn: str) -> None:
    for name, secret in {"token": turn, "key": turn, "slack": f"{outside.url}/slack-{turn}"}.items():
        (folder / name).write_text(secret)

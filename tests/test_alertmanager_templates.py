"""What a notification says, rendered by `amtool template render` of both generations."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from alerts.alertmanager import render
from ragpulse.commands.generate import write
from ragpulse.relay import words
from ragpulse.relay.notification import Notification
from ragpulse.relay.shapes import NTFY
from tests.fakes.alertmanager import cluster
from tests.fakes.binaries import binary, each_generation

LINKS = {"runbook_url": "http://127.0.0.1:9478/runbooks/ServiceDown", "dashboard_url": "http://127.0.0.1:9478/#c"}
NEVER = "0001-01-01T00:00:00Z"


def alert(status: str, node: str, **annotations: str) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {
            "alertname": "ServiceDown",
            "severity": "page",
            "component": "chroma",
            "cluster": "tron",
            "node": node,
        },
        "annotations": annotations,
        "startsAt": "2026-11-24T14:04:05Z",
        "endsAt": "2026-11-24T14:09:35Z" if status == "resolved" else NEVER,
    }


DOWN = alert("firing", "sark", summary="97 % of probes answered; target: 99.9 %.", description="It hangs.", **LINKS)
OVER = alert("resolved", "clu", summary="It answered nothing.", description="It hangs.", **LINKS)
BARE: dict[str, Any] = {**DOWN, "labels": {"alertname": "OperatorsOwn"}, "annotations": {}}
HOSTILE = alert("firing", "sark", summary="<script>x</script> & *y*", runbook_url="javascript:alert(1)")


def said(folder: Path, generation: int, define: str, *alerts: dict[str, Any], kind: str = "text") -> str:
    write(render(cluster("cluster: tron\nnodes: {a: {address: 127.0.0.1}}\n")), folder, ())
    labels = dict(set.intersection(*(set(one["labels"].items()) for one in alerts)))
    data = {"receiver": "page", "status": "firing", "alerts": alerts, "commonLabels": labels, "commonAnnotations": {}}
    (folder / "data.json").write_text(json.dumps({**data, "groupLabels": {}, "externalURL": "http://127.0.0.1:9093"}))
    done = subprocess.run(
        [
            binary("amtool", generation), "template", "render", f"--template.glob={folder}/templates/*.tmpl",
            f"--template.data={folder}/data.json", f"--template.type={kind}",
            f'--template.text={{{{ template "ragpulse.{define}" . }}}}',
        ],
        capture_output=True, text=True, check=True, timeout=30, env={**os.environ, "TZ": "UTC"},
    )  # fmt: skip
    return done.stdout


@each_generation
@pytest.mark.parametrize(
    ("alerts", "title"),
    [
        pytest.param([DOWN], "PAGE ServiceDown · chroma · tron", id="one"),
        pytest.param([DOWN, OVER], "PAGE ServiceDown · chroma · tron (2)", id="one of two is over"),
        pytest.param([OVER], "over ServiceDown · chroma · tron", id="all is over"),
        pytest.param([BARE], "ALERT OperatorsOwn", id="an alert that is not ours"),
    ],
)
def test_a_title_says_how_bad_what_and_where(
    alerts: list[dict[str, Any]], title: str, generation: int, tmp_path: Path
) -> None:
    assert said(tmp_path, generation, "title", *alerts) == title


@each_generation
def test_a_text_says_what_since_when_value_against_target_runbook_board_and_where(
    generation: int, tmp_path: Path
) -> None:
    assert said(tmp_path, generation, "text", DOWN, OVER) == (
        "97 % of probes answered; target: 99.9 %.\n"
        "since Tue 24 Nov 14:04 UTC · node sark\n"
        "It hangs.\n"
        "Runbook: http://127.0.0.1:9478/runbooks/ServiceDown\n"
        "Board: http://127.0.0.1:9478/#c\n"
        "\n"
        "over: It answered nothing.\n"
        "from Tue 24 Nov 14:04 UTC to Tue 24 Nov 14:09 UTC · node clu\n"
        "\n"
    )


@each_generation
def test_the_adapter_says_the_same(generation: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as utc:
        utc.setenv("TZ", "UTC")
        time.tzset()
        for alerts in ([DOWN], [DOWN, OVER], [OVER], [BARE]):
            notification = Notification.read(json.dumps({"groupKey": "{}", "alerts": alerts}).encode())
            assert words.title(notification) == said(tmp_path, generation, "title", *alerts)
            assert words.body(notification, NTFY) == said(tmp_path, generation, "text", *alerts).rstrip()
    time.tzset()


@each_generation
def test_an_alert_that_says_nothing_is_told_by_its_name(generation: int, tmp_path: Path) -> None:
    assert said(tmp_path, generation, "text", BARE) == "OperatorsOwn\nsince Tue 24 Nov 14:04 UTC\n\n"
    assert said(tmp_path, generation, "slack", BARE).startswith("OperatorsOwn\n")


@each_generation
def test_in_a_mail_nothing_that_an_alert_says_is_html(generation: int, tmp_path: Path) -> None:
    html = said(tmp_path, generation, "html", HOSTILE, OVER, kind="html")
    assert "<h3>&lt;script&gt;x&lt;/script&gt; &amp; *y*</h3>" in html
    assert "<script" not in html
    assert "javascript:" not in html
    assert "<p>over: It answered nothing.<br>from Tue 24 Nov 14:04 UTC to Tue 24 Nov 14:09 UTC · node clu</p>" in html
    assert 'style="color: #c62828"' in html


@each_generation
def test_in_slack_nothing_that_an_alert_says_is_a_link_or_a_mention(generation: int, tmp_path: Path) -> None:
    text = said(
        tmp_path, generation, "slack", {**HOSTILE, "labels": {**HOSTILE["labels"], "stage": "<!channel>"}}, OVER
    )
    assert "stage &lt;!channel&gt;\n" in text
    assert text.startswith("&lt;script&gt;x&lt;/script&gt; &amp; *y*\nsince ")
    assert "over: It answered nothing.\nfrom " in text
    assert "<!" not in text
    assert text.count("Runbook") == 1, "what is over needs none"


@each_generation
def test_its_color_tells_a_page_from_a_ticket_and_from_what_is_over(generation: int, tmp_path: Path) -> None:
    ticket = {**DOWN, "labels": {**DOWN["labels"], "severity": "ticket"}}
    colors = [said(tmp_path, generation, "color", one) for one in (DOWN, ticket, OVER)]
    assert colors == ["#c62828", "#b26a00", "#2e7d32"]

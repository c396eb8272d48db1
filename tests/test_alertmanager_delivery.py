"""A real Alertmanager tells each kind of receiver, in the shape that its service documents, on loopback."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fakes.alertmanager import ONE_NODE, alert, alertmanager_of, cluster
from tests.fakes.binaries import FOLDERS
from tests.fakes.certificates import Authority
from tests.fakes.http_replay import Asked, Replay, replay_server, reply, reply_json
from tests.fakes.running import free_ports, until
from tests.fakes.smtp_server import MailServer, mail_server

RECEIVERS = """\
notify:
  receivers:
    desk: {{kind: webhook, url: '{url}/webhook', token_file: {folder}/token}}
    hook: {{kind: webhook, url_file: {folder}/hook}}
    mail:
      kind: email
      to: [day@example.org, night@example.org]
      from: ragpulse@example.org
      server: 'localhost:{smtp}'
      username: ragpulse
      password_file: {folder}/password
      ca_file: {folder}/ca.pem
    slack: {{kind: slack, url_file: {folder}/slack, channel: '#alerts'}}
    discord: {{kind: discord, url_file: {folder}/discord}}
    telegram: {{kind: telegram, token_file: {folder}/bot, chat_id: -1001, thread_id: 7, url: '{url}'}}
    phone: {{kind: ntfy, url: '{url}/topic'}}
    pager: {{kind: pagerduty, routing_key_file: {folder}/pager, url: '{url}/v2/enqueue'}}
  page: [desk, hook, slack, discord, telegram, phone, pager]
  ticket: [mail]
  heartbeat: {{url_file: {folder}/heartbeat}}
  alertmanager: {profile}
  relay_token_file: {folder}/relay
"""
BOT = "/bot4711:sesame/sendMessage"
SUMMARY = "chroma: 97 % of <b>probes</b> answered & counted; target: 99.9 %."
LINKS = {"runbook_url": "http://127.0.0.1:9478/runbooks/ServiceDown", "dashboard_url": "http://127.0.0.1:9478/#chroma"}
PAGE = alert("ServiceDown", "page", summary=SUMMARY, description="No probe of it is answered.", **LINKS)
TICKET = alert("DiskFilling", "ticket", component="sark", summary=SUMMARY, **LINKS)
WATCHDOG = alert("Watchdog", "info", component="monitoring")
PROFILES = ("v0.31", "v0.25")  # of the two generations


@dataclass(frozen=True)
class Told:
    """What arrived. `adapter`: what is listening where the adapter would."""

    outside: Replay
    adapter: Replay
    mail: MailServer
    profile: str

    def one(self, server: Replay, path: str) -> Asked:
        until(lambda: server.asked_for(path), f"POST {path}")
        [asked] = server.asked_for(path)
        assert asked.method == "POST"
        return asked

    def body(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.one(self.outside, path).body)
        return found


@pytest.fixture(scope="module", params=range(max(1, len(FOLDERS))), ids=lambda index: f"generation {index + 1}")
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[Told]:
    """A page, a ticket and the watchdog were sent to an Alertmanager whose receivers are all of these."""
    generation: int = request.param
    folder, (port, relay) = tmp_path_factory.mktemp("alertmanager"), free_ports(2)
    tls = authority.issue("localhost").served()
    with replay_server() as outside, replay_server(port=relay) as adapter, mail_server(tls) as mail:
        answer(outside, adapter)
        secrets = {name: f"{outside.url}/{name}" for name in ("hook", "slack", "discord", "heartbeat")}
        secrets |= {
            "token": "bearer-1",
            "password": "open says me",
            "bot": "4711:sesame",
            "pager": "key-1",
            "relay": "relay-1",
        }
        for name, content in secrets.items():
            # Alertmanager takes the line end for a part of the password, and of nothing else.
            (folder / name).write_text(content if name == "password" else f"{content}\n")
        (folder / "ca.pem").write_bytes(authority.certificate.read_bytes())
        profile = PROFILES[generation]
        smtp = mail.place.rpartition(":")[2]
        text = RECEIVERS.format(url=outside.url, folder=folder, smtp=smtp, profile=profile)
        of = cluster(ONE_NODE.format(alertmanager=port, relay=relay) + text)
        with alertmanager_of(of, folder, generation) as running:
            running.post(PAGE, TICKET, WATCHDOG)
            yield Told(outside, adapter, mail, profile)


def answer(outside: Replay, adapter: Replay) -> None:
    """As each service answers what it takes."""
    for path in ("/webhook", "/hook", "/heartbeat"):
        outside.post(path, reply())
    outside.post("/slack", reply(body=b"ok"))
    outside.post("/discord", reply(204))
    outside.post(
        BOT, reply_json({"ok": True, "result": {"message_id": 1, "date": 1, "chat": {"id": -1001, "type": "group"}}})
    )
    outside.post("/v2/enqueue", reply_json({"status": "success", "message": "Event processed", "dedup_key": "x"}, 202))
    for name in ("hook", "discord", "telegram", "phone", "heartbeat"):
        adapter.post(f"/receivers/{name}", reply())


def test_a_webhook_gets_version_4_and_its_token(told: Told) -> None:
    asked = told.one(told.outside, "/webhook")
    assert asked.headers["Authorization"] == "Bearer bearer-1"
    body = json.loads(asked.body)
    assert (body["version"], body["status"], body["receiver"]) == ("4", "firing", "page")
    assert [one["annotations"]["summary"] for one in body["alerts"]] == [SUMMARY]


def test_slack_gets_an_attachment_in_which_no_name_is_a_mark(told: Told) -> None:
    body = told.body("/slack")
    [attachment] = body["attachments"]
    assert body["channel"] == "#alerts"
    assert attachment["title"] == attachment["fallback"] == "PAGE ServiceDown · chroma · tron"
    assert attachment["title_link"] == LINKS["runbook_url"]
    assert attachment["color"] == "#c62828"
    assert attachment["mrkdwn_in"] == ["pretext"]
    lines = attachment["text"].splitlines()
    assert lines[0] == "chroma: 97 % of &lt;b&gt;probes&lt;/b&gt; answered &amp; counted; target: 99.9 %."
    assert lines[2:4] == [
        "No probe of it is answered.",
        f"<{LINKS['runbook_url']}|Runbook> · <{LINKS['dashboard_url']}|Board>",
    ]


def test_pagerduty_gets_an_event_of_version_2(told: Told) -> None:
    body = told.body("/v2/enqueue")
    assert (body["routing_key"], body["event_action"]) == ("key-1", "trigger")
    assert body["dedup_key"]
    payload = body["payload"]
    assert payload["summary"] == "PAGE ServiceDown · chroma · tron"
    assert payload["severity"] == "critical"
    assert payload["source"]
    assert (payload["class"], payload["component"], payload["group"]) == ("ServiceDown", "chroma", "tron")
    assert SUMMARY in payload["custom_details"]["firing"]


def test_each_address_gets_a_mail_of_its_own_over_tls_after_a_login(told: Told) -> None:
    until(lambda: len(told.mail.mails) == 2, "two mails")
    assert {mail.recipients for mail in told.mail.mails} == {("day@example.org",), ("night@example.org",)}
    mail = told.mail.mails[0]
    assert (mail.sender, mail.login, mail.over_tls) == ("ragpulse@example.org", ("ragpulse", "open says me"), True)
    assert mail.message["Subject"] == "TICKET DiskFilling · sark · tron"
    text, html = (mail.message.get_body((kind,)) for kind in ("plain", "html"))
    assert text
    assert html
    assert text.get_content().startswith(SUMMARY)
    assert "97 % of &lt;b&gt;probes&lt;/b&gt; answered &amp; counted" in html.get_content()
    assert f'<a href="{LINKS["runbook_url"]}">Runbook</a>' in html.get_content()


def test_ntfy_is_told_through_the_adapter_with_its_token(told: Told) -> None:
    asked = told.one(told.adapter, "/receivers/phone")
    assert asked.headers["Authorization"] == "Bearer relay-1"
    assert json.loads(asked.body)["version"] == "4"


@pytest.mark.parametrize("name", ["hook", "discord", "telegram", "heartbeat"])
def test_what_the_old_generation_cannot_read_from_a_file_goes_through_the_adapter(told: Told, name: str) -> None:
    native = BOT if name == "telegram" else f"/{name}"
    by_adapter = told.profile == "v0.25"
    told.one(told.adapter if by_adapter else told.outside, f"/receivers/{name}" if by_adapter else native)
    assert not told.outside.asked_for(native) if by_adapter else not told.adapter.asked_for(f"/receivers/{name}")


def test_discord_and_telegram_get_the_words_themselves_or_the_adapter_gets_them_for_each(told: Told) -> None:
    if told.profile == "v0.25":
        bodies = [told.one(told.adapter, f"/receivers/{name}").body for name in ("discord", "telegram")]
        assert [json.loads(body)["alerts"][0]["annotations"]["summary"] for body in bodies] == [SUMMARY, SUMMARY]
        return
    [embed] = told.body("/discord")["embeds"]
    assert embed["title"] == "PAGE ServiceDown · chroma · tron"
    assert embed["description"].startswith(SUMMARY)
    asked = told.one(told.outside, BOT)
    message = json.loads(asked.body)
    assert (str(message["chat_id"]), str(message["message_thread_id"])) == ("-1001", "7")
    assert message["text"].startswith(f"PAGE ServiceDown · chroma · tron\n\n{SUMMARY}\nsince ")

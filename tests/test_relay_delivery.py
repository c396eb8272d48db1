"""The adapter tells each service in its own words, again while there is hope, and writes down what it could not."""

import base64
import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.responses import JSONResponse, Response

from ragpulse.receivers import Discord, Webhook
from ragpulse.relay.dead_letters import DeadLetters
from ragpulse.relay.delivery import Times
from ragpulse.relay.queue import Queue
from tests.fakes import loopback
from tests.fakes.relay_rig import GROUP, REMEMBERED, Rig, alert, receivers, relaying, secret, webhook
from tests.fakes.running import until
from tests.fakes.told_services import (
    DISCORD_PATH,
    HOOK_PATH,
    NTFY_TOKEN,
    TELEGRAM_TOKEN,
    TOPIC_PATH,
    Services,
    told_services,
)  # fmt: skip

TELEGRAM_PATH = f"/bot{TELEGRAM_TOKEN}/sendMessage"
DELIVERED, DEAD, REPEATED = (
    f'ragpulse_relay_messages_total{{receiver="discord",result="{result}"}}'
    for result in ("delivered", "dead_letter", "repeated")
)
BEGAN = datetime(2026, 11, 24, 3, 4, tzinfo=UTC).astimezone().strftime("%a %-d %b %H:%M %Z")
BODY = f"""\
chroma: nobody answers.
since {BEGAN}
Each probe of it fails.
Runbook: http://127.0.0.1:9478/runbooks/ServiceDown
Board: http://127.0.0.1:9478/#component-chroma"""
TEXT = f"PAGE ServiceDown · chroma · tron\n\n{BODY}"


@pytest.fixture(scope="module")
def shared() -> Iterator[Services]:
    with told_services() as services:
        yield services


@pytest.fixture
def services(shared: Services) -> Services:
    shared.heard.clear()
    shared.script.clear()
    shared.held = None
    return shared


@pytest.fixture
def rig(services: Services, tmp_path: Path) -> Iterator[Rig]:
    with relaying(tmp_path, receivers(services.url, tmp_path)) as rig:
        yield rig


def tell(rig: Rig, name: str = "discord", **labels: str) -> None:
    assert rig.post(name, webhook(**labels)).status_code == 200


def settled(rig: Rig, name: str = "discord", states: tuple[str, ...] = ("delivered",)) -> None:
    until(lambda: tuple(rig.states(name)) == states, f"{states} of {name}")


class TestShapes:
    def test_discord_gets_content_that_can_call_nobody(self, rig: Rig, services: Services) -> None:
        tell(rig)
        settled(rig)
        (heard,) = services.on(DISCORD_PATH)
        assert heard.json == {"content": TEXT, "allowed_mentions": {"parse": []}}

    def test_telegram_gets_chat_topic_and_text_without_previews(self, rig: Rig, services: Services) -> None:
        tell(rig, "telegram")
        settled(rig, "telegram")
        (heard,) = services.on(TELEGRAM_PATH)
        assert heard.json == {
            "chat_id": -7, "message_thread_id": 3, "text": TEXT, "link_preview_options": {"is_disabled": True},
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("severity", "over", "priority"), [("page", False, "5"), ("ticket", False, "3"), ("page", True, "2")]
    )
    def test_ntfy_gets_title_token_and_a_priority_by_severity(
        self, rig: Rig, services: Services, severity: str, priority: str, *, over: bool
    ) -> None:
        assert rig.post("ntfy", webhook(alert(severity=severity, over=over))).status_code == 200
        settled(rig, "ntfy")
        (heard,) = services.on(TOPIC_PATH)
        state = "over" if over else severity.upper()
        encoded = base64.b64encode(f"{state} ServiceDown · chroma · tron".encode()).decode()
        assert heard.headers["title"] == f"=?UTF-8?B?{encoded}?="
        assert heard.headers["authorization"] == f"Bearer {NTFY_TOKEN}"
        assert heard.headers["priority"] == priority
        assert over or heard.body.decode() == BODY

    def test_a_webhook_gets_what_alertmanager_sent_byte_by_byte(self, rig: Rig, services: Services) -> None:
        body = json.dumps(webhook(), indent=3).encode()
        assert rig.post("hook", body).status_code == 200
        settled(rig, "hook")
        assert [heard.body for heard in services.on(HOOK_PATH)] == [body]


class TestRetries:
    def test_a_server_error_is_tried_again(self, rig: Rig, services: Services) -> None:
        services.script.append(Response(status_code=500))
        tell(rig)
        settled(rig)
        assert len(services.heard) == 2
        metrics = rig.metrics()
        assert metrics[DELIVERED] == 1
        assert metrics['ragpulse_relay_retries_total{receiver="discord",reason="server_error"}'] == 1
        assert metrics['ragpulse_relay_queue_messages{receiver="discord"}'] == 0
        assert metrics['ragpulse_relay_last_success_timestamp_seconds{receiver="discord"}'] > 0

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(Response(status_code=429, headers={"Retry-After": "60"}), id="a header"),
            pytest.param(JSONResponse({"parameters": {"retry_after": 60}}, 429), id="the words of Telegram"),
            pytest.param(
                Response(status_code=503, headers={"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}),
                id="beyond all hope",
            ),
        ],
    )
    def test_who_is_told_to_wait_beyond_hope_gives_up_at_once(
        self, services: Services, tmp_path: Path, answer: Response
    ) -> None:
        services.script.append(answer)
        with relaying(tmp_path, receivers(services.url, tmp_path), times=Times(patience=59)) as rig:
            tell(rig)
            settled(rig, states=("dead_letter",))
            assert len(services.heard) == 1

    def test_who_is_told_to_wait_lets_everything_for_this_receiver_wait_and_nothing_else(
        self, rig: Rig, services: Services
    ) -> None:
        services.script.append(Response(status_code=429, headers={"Retry-After": "1"}))
        tell(rig)
        until(lambda: rig.newest("discord")[0]["reason"], "a reason")
        assert rig.post("discord", webhook(group="another")).status_code == 200
        tell(rig, "telegram")
        settled(rig, "telegram")
        assert len(services.on(DISCORD_PATH)) == 1
        settled(rig, states=("delivered", "delivered"))
        assert rig.metrics()['ragpulse_relay_retries_total{receiver="discord",reason="rate_limited"}'] == 1

    def test_the_end_of_an_alert_is_not_told_before_its_beginning(self, rig: Rig, services: Services) -> None:
        services.script.append(Response(status_code=500))
        tell(rig)
        until(lambda: rig.newest("discord")[0]["reason"], "a reason")
        rig.post("discord", webhook(alert(over=True)))
        rig.post("discord", webhook(group="another", component="memory"))
        settled(rig, states=("delivered", "delivered", "delivered"))
        first_words = [heard.json["content"].split()[0] for heard in services.heard]
        assert first_words == ["PAGE", "PAGE", "PAGE", "over"], "once refused; then another group; then this"

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            pytest.param(Response(status_code=403), "refused", id="refused for good"),
            pytest.param(Response(status_code=302, headers={"Location": "/hook"}), "redirected", id="sent elsewhere"),
        ],
    )
    def test_what_will_never_be_taken_is_a_dead_letter_at_once(
        self, rig: Rig, services: Services, answer: Response, reason: str
    ) -> None:
        services.script.append(answer)
        tell(rig)
        settled(rig, states=("dead_letter",))
        assert len(services.heard) == 1, "nobody else is told where we are sent"
        (letter,) = map(json.loads, rig.letters.read_text().splitlines())
        assert (letter["receiver"], letter["reason"], letter["text"]) == ("discord", reason, TEXT)
        assert rig.letters.stat().st_mode & 0o777 == 0o600
        assert rig.metrics()[DEAD] == 1

    def test_hope_ends(self, services: Services, tmp_path: Path) -> None:
        services.script.extend([Response(status_code=500)] * 9)
        with relaying(tmp_path, receivers(services.url, tmp_path), times=Times(patience=0.5)) as rig:
            tell(rig)
            settled(rig, states=("dead_letter",))
            assert len(services.heard) == 2
            assert json.loads(rig.letters.read_text())["detail"] == "HTTP 500"


class TestOnce:
    def test_what_alertmanager_sends_once_more_is_told_once(self, rig: Rig, services: Services) -> None:
        tell(rig)
        settled(rig)
        again = webhook(alert(summary="chroma: nobody answers any more."))
        assert rig.post("discord", again).status_code == 200
        assert (rig.metrics()[REPEATED], len(services.heard)) == (1, 1)

    def test_who_hangs_up_before_our_answer_and_sends_it_once_more_is_told_once(
        self, rig: Rig, services: Services
    ) -> None:
        place = urlsplit(rig.url)
        body = json.dumps(webhook()).encode()
        head = f"POST /receivers/discord HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection((place.hostname or "", place.port or 0)) as alertmanager:
            alertmanager.sendall(head.encode() + body)
        settled(rig)
        tell(rig)
        assert (rig.metrics()[REPEATED], len(services.heard)) == (1, 1)

    def test_a_change_of_the_group_is_something_new(self, rig: Rig, services: Services) -> None:
        tell(rig)
        rig.post("discord", webhook(alert(), alert(component="memory")))
        rig.post("discord", webhook(alert(over=True)))
        settled(rig, states=("delivered",) * 3)
        assert len(services.heard) == 3

    def test_it_may_be_told_again_once_alertmanager_cannot_mean_the_same(self, tmp_path: Path) -> None:
        now = 1000.0
        queue = Queue(tmp_path / "queue.db", remembered=REMEMBERED, clock=lambda: now)
        assert queue.put("a", "discord", GROUP, b"")
        queue.settle("a", "delivered")
        now += REMEMBERED
        assert not queue.put("a", "discord", GROUP, b"")
        now += 0.1
        assert queue.put("a", "discord", GROUP, b"")
        queue.close()

    def test_each_heartbeat_is_told_and_none_late(self, services: Services, tmp_path: Path) -> None:
        heartbeat = {"heartbeat": receivers(services.url, tmp_path)["hook"]}
        services.script.append(Response(status_code=500))
        with relaying(tmp_path, heartbeat) as rig:
            tell(rig, "heartbeat")
            until(lambda: rig.newest("heartbeat")[0]["reason"], "a reason")
            tell(rig, "heartbeat")
            settled(rig, "heartbeat", states=("delivered",))
            tell(rig, "heartbeat")
            settled(rig, "heartbeat", states=("delivered", "delivered"))
            assert len(services.heard) == 3

    def test_a_heartbeat_that_is_replaced_while_it_is_told_ends_nothing(
        self, services: Services, tmp_path: Path
    ) -> None:
        heartbeat = {"heartbeat": receivers(services.url, tmp_path)["hook"]}
        services.script.append(Response(status_code=403))
        services.held = threading.Event()
        with relaying(tmp_path, heartbeat) as rig:
            tell(rig, "heartbeat")
            until(lambda: services.heard, "the first is being told")
            tell(rig, "heartbeat")
            services.held.set()
            settled(rig, "heartbeat", states=("delivered",))

    def test_what_was_told_is_not_told_again_because_a_full_disk_keeps_us_from_writing_that_down(
        self, rig: Rig, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as full:
            full.setattr(Queue, "settle", _no_room)
            tell(rig)
            until(lambda: services.heard, "it is told")
            tell(rig, "telegram")
            until(lambda: len(services.heard) == 2, "the other one is told")
        for name in ("discord", "telegram"):
            rig.post(name, webhook(group="another"))  # wakes whoever waits for the disk
            settled(rig, name, states=("delivered", "delivered"))
        assert len(services.heard) == 4


def _no_room(*_: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


class TestSecrets:
    def test_a_rotated_secret_is_used_for_the_next_message(self, rig: Rig, services: Services, tmp_path: Path) -> None:
        services.script.extend([Response(status_code=204)] * 2)
        tell(rig)
        settled(rig)
        secret(tmp_path, "discord", f"{services.url}/api/webhooks/2/rotated")
        rig.post("discord", webhook(alert(over=True)))
        settled(rig, states=("delivered", "delivered"))
        assert [heard.path for heard in services.heard] == [DISCORD_PATH, "/api/webhooks/2/rotated"]

    @pytest.mark.parametrize("content", ["", "no-url-at-all", "ftp://x/y", "https://"])
    def test_a_secret_that_is_none_is_waited_for_and_not_repeated(
        self, rig: Rig, services: Services, tmp_path: Path, content: str
    ) -> None:
        file = secret(tmp_path, "discord", content)
        tell(rig)
        until(lambda: rig.newest("discord")[0]["reason"], "a reason")
        reason = rig.newest("discord")[0]["reason"]
        assert reason.startswith(f"secret: {file} ")
        assert not content or content not in reason.replace("https:// or", "")
        secret(tmp_path, "discord", services.url + DISCORD_PATH)
        settled(rig)

    def test_whoever_lacks_the_token_is_refused_and_a_rotated_one_counts_at_once(
        self, services: Services, tmp_path: Path
    ) -> None:
        file = Path(secret(tmp_path, "relay", "first"))
        with relaying(tmp_path, receivers(services.url, tmp_path), token_file=file) as rig:
            assert rig.post("discord", webhook()).status_code == 401
            assert rig.post("discord", webhook(), Authorization="Bearer second").status_code == 401
            secret(tmp_path, "relay", "second")
            assert rig.post("discord", webhook(), Authorization="Bearer second").status_code == 200
            file.unlink()
            assert rig.post("discord", webhook(), Authorization="Bearer second").status_code == 503
            settled(rig)
        assert len(services.heard) == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "body", "status"),
        [
            pytest.param("nobody", b"{}", 404, id="an unknown receiver"),
            pytest.param("discord", b"{", 400, id="no JSON"),
            pytest.param("discord", b"[" * 100_000, 400, id="JSON without end"),
            pytest.param("discord", b'{"groupKey": "x", "alerts": []}', 400, id="no alerts"),
            pytest.param("discord", b" " * (4 * 1024 * 1024 + 1), 413, id="too much"),
        ],
    )
    def test_what_cannot_be_told_is_refused(self, rig: Rig, name: str, body: bytes, status: int) -> None:
        assert rig.post(name, body).status_code == status
        assert loopback.get(f"{rig.url}/healthz").status_code == 200

    def test_a_full_queue_is_left_to_alertmanager(
        self, rig: Rig, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ragpulse.relay.queue.MOST_QUEUED", 1)
        services.script.extend([Response(status_code=500)] * 3)
        tell(rig)
        assert rig.post("discord", webhook(group="another")).status_code == 503
        assert rig.post("telegram", webhook()).status_code == 200


def test_what_waits_for_a_receiver_that_is_gone_is_a_dead_letter(services: Services, tmp_path: Path) -> None:
    queue = Queue(tmp_path / "queue.db", remembered=REMEMBERED)
    queue.put("a", "gone", GROUP, json.dumps(webhook()).encode())
    queue.close()
    with relaying(tmp_path, receivers(services.url, tmp_path)) as rig:
        assert json.loads(rig.letters.read_text())["reason"] == "unknown_receiver"


def test_a_damaged_queue_is_laid_aside(services: Services, tmp_path: Path) -> None:
    (tmp_path / "queue.db").write_bytes(b"no database" * 1000)
    with relaying(tmp_path, receivers(services.url, tmp_path)) as rig:
        tell(rig)
        settled(rig)
    assert (tmp_path / "queue.damaged").read_bytes().startswith(b"no database")


def test_the_file_of_dead_letters_keeps_the_newest(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path / "letters", most=1200)
    for number in range(9):
        letters.add("discord", json.dumps(webhook()).encode(), float(number), "refused", "HTTP 403")
    kept = [json.loads(line)["accepted"] for line in (tmp_path / "letters").read_text().splitlines()]
    assert kept == [6.0, 7.0, 8.0]
    assert (tmp_path / "letters").stat().st_size <= 1200


def test_a_message_that_we_cannot_handle_is_given_up_and_ends_nothing(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragpulse.relay.shapes._json", lambda _url, message: 1 / ("RESOLVED" in str(message)))
    found = receivers(services.url, tmp_path)
    with relaying(tmp_path, found, times=Times(patience=0.0)) as rig:
        tell(rig)
        settled(rig, states=("dead_letter",))
        assert json.loads(rig.letters.read_text())["detail"] == "our own fault (ZeroDivisionError)"
        tell(rig, "ntfy")
        settled(rig, "ntfy")
        assert loopback.get(f"{rig.url}/healthz").status_code == 200


def test_a_receiver_may_be_told_at_a_plain_url(services: Services, tmp_path: Path) -> None:
    plain = {"plain": Webhook(kind="webhook", url=services.url + HOOK_PATH)}
    with relaying(tmp_path, plain) as rig:
        tell(rig, "plain")
        settled(rig, "plain")


def test_discord_hears_the_same_of_two_channels_apart(services: Services, tmp_path: Path) -> None:
    one = Discord(kind="discord", url_file=secret(tmp_path, "one", services.url + DISCORD_PATH))
    with relaying(tmp_path, {"one": one, "two": one}) as rig:
        tell(rig, "one")
        tell(rig, "two")
        settled(rig, "one")
        settled(rig, "two")
    assert len(services.heard) == 2

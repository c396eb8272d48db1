"""A receiver that misbehaves ends as a delivered message or a dead letter, and costs no other receiver anything."""

import json
import logging
import ssl
from contextlib import ExitStack
from pathlib import Path

import pytest

from ragpulse.catalogue.relay import REASONS
from ragpulse.receivers import AnyReceiver, Webhook
from ragpulse.relay.delivery import Times
from tests.fakes import loopback
from tests.fakes.certificates import Authority
from tests.fakes.hostile_wire import BODY, FAST, SERVERS, SLOW
from tests.fakes.http_replay import Replay, refusing_url
from tests.fakes.relay_rig import relaying, webhook
from tests.fakes.running import until
from tests.fakes.told_services import HOOK_PATH, told_services

NO_HOPE = Times(patience=0.0, timeout=1.0)
# Making the bomb takes a second, and no body of a success is read.
NAMES = [name for name in SERVERS if name != "a gzip bomb"]
# No status of success has come: nobody may think that it was told.
NEVER_TOLD = {"never accepts", "never answers", "drips its head", "says 100 Continue again and again"} | {
    "garbage", "hangs up without a word", "resets at once", "headers without end", "a header of 10 MB", "HTTP/0.9",
    "a storm of 100 Continue", "a head cut off", "a greeting in TLS", "status 999", "the request itself",
    "redirects to itself", "redirects to another host", "redirects to a file", "redirects nowhere",
}  # fmt: skip


def hook(url: str) -> Webhook:
    return Webhook(kind="webhook", url=url)


def test_none_of_them_takes_anything_down(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert set(SLOW) | set(FAST) >= NEVER_TOLD - {"never accepts"}
    caplog.set_level(logging.INFO, "ragpulse")
    with ExitStack() as stack:
        receivers: dict[str, AnyReceiver] = {
            f"r{number}": hook(stack.enter_context(SERVERS[name]())) for number, name in enumerate(NAMES)
        }
        services = stack.enter_context(told_services())
        receivers["well"] = hook(services.url + HOOK_PATH)
        rig = stack.enter_context(relaying(tmp_path, receivers, times=NO_HOPE))
        for receiver in receivers:
            assert rig.post(receiver, webhook()).status_code == 200
        until(lambda: rig.states("well") == ["delivered"], "the one that is well hears")
        for receiver in receivers:
            until(lambda receiver=receiver: rig.states(receiver) != ["queued"], receiver)  # type: ignore[misc]
        found = {name: rig.newest(f"r{number}")[0] for number, name in enumerate(NAMES)}
        assert {name for name in NEVER_TOLD if found[name]["state"] == "delivered"} == set()
        assert {one["reason"].partition(":")[0] for one in found.values()} <= {"", *REASONS}
        assert len(services.heard) == 1
        assert loopback.get(f"{rig.url}/healthz").status_code == 200
        assert rig.metrics()['ragpulse_relay_messages_total{receiver="well",result="delivered"}'] == 1
        said = json.dumps(found) + caplog.text + rig.letters.read_text()
    assert BODY.decode() not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("trusted", [False, True], ids=["an unknown authority", "another name"])
def test_a_server_that_cannot_be_trusted_hears_nothing(
    trusted: bool,  # noqa: FBT001 - a parameter of the test
    replay: Replay,
    authority: Authority,
    tmp_path: Path,
) -> None:
    replay.wrap(authority.issue().served())
    verify = ssl.create_default_context(cafile=str(authority.certificate)) if trusted else loopback.NO_TLS
    receiver: dict[str, AnyReceiver] = {"desk": hook(replay.url.replace("http:", "https:"))}
    with relaying(tmp_path, receiver, verify=verify, times=NO_HOPE) as rig:
        rig.post("desk", webhook())
        until(lambda: rig.states("desk") == ["dead_letter"], "it is given up")
        assert json.loads(rig.letters.read_text())["reason"] == "tls"
    assert replay.asked == []


def test_a_port_that_nobody_listens_on_is_unreachable(tmp_path: Path) -> None:
    with refusing_url() as url, relaying(tmp_path, {"desk": hook(url)}, times=NO_HOPE) as rig:
        rig.post("desk", webhook())
        until(lambda: rig.states("desk") == ["dead_letter"], "it is given up")
        assert json.loads(rig.letters.read_text())["reason"] == "unreachable"

"""What `up` waits for: Prometheus sees its Alertmanager and all that was started; what answers nowhere lives on."""

import httpx
import pytest

from ragpulse.stack.process import Listen, Process
from ragpulse.stack.ready import pending
from ragpulse.stack.state import Status


def prometheus_that_says(targets: dict[str, str], managers: int) -> httpx.Client:
    """targets: address → health."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/alertmanagers":
            return httpx.Response(200, json={"data": {"activeAlertmanagers": [{"url": "x"}] * managers}})
        if request.url.path == "/api/v1/targets":
            active = [{"scrapeUrl": f"http://{address}/metrics", "health": is_up} for address, is_up in targets.items()]
            return httpx.Response(200, json={"data": {"activeTargets": active}})
        return httpx.Response(200)

    return httpx.Client(transport=httpx.MockTransport(answer))


def listening(name: str, port: int) -> Process:
    listen = Listen("127.0.0.1", port, "x")
    return Process(name, ("true",), "", (listen,), ready_url=f"http://{listen}/")


@pytest.mark.parametrize(
    ("targets", "managers", "lack"),
    [
        ({"127.0.0.1:1": "up", "127.0.0.1:2": "up"}, 1, None),
        ({"127.0.0.1:1": "up", "127.0.0.1:2": "up"}, 0, "has not discovered Alertmanager"),
        ({"127.0.0.1:1": "up"}, 1, "has not scraped agent-one yet"),
        ({"127.0.0.1:1": "up", "127.0.0.1:2": "unknown"}, 1, "has not scraped agent-one yet"),
        ({"127.0.0.1:1": "down", "127.0.0.1:2": "up"}, 1, "has not scraped prometheus yet"),
        ({"127.0.0.1:1": "up", "127.0.0.1:2": "up", "192.0.2.9:9477": "down"}, 1, None),
    ],
    ids=[
        "all up", "no Alertmanager", "an agent that is not a target yet", "an agent not scraped yet",
        "its own page down", "another machine's agent may be down",
    ],
)  # fmt: skip
def test_prometheus_is_ready_when_it_sees_what_was_started(
    targets: dict[str, str], managers: int, lack: str | None
) -> None:
    processes = {p.name: p for p in (listening("prometheus", 1), listening("agent-one", 2), listening("web", 3))}
    statuses = {name: Status(name, "running") for name in processes}
    with prometheus_that_says(targets, managers) as client:
        assert pending(client, processes, statuses, set()) == ({"prometheus": lack} if lack else {})


@pytest.mark.parametrize(
    ("started", "lack"),
    [(100.0, "has only just started"), (99.01, "has only just started"), (99.0, None), (2000.0, None)],
    ids=["now", "a moment ago", "a second ago", "before the clock was set back"],
)
def test_what_has_no_ready_address_has_to_live_for_a_second(started: float, lack: str | None) -> None:
    statuses = {"load": Status("load", "running", since=started)}
    with httpx.Client() as client:
        found = pending(client, {"load": Process("load", ("true",), "")}, statuses, set(), clock=lambda: 100.0)
    assert found == ({"load": lack} if lack else {})

"""The demo's processes work together as planned, and its users outlast a service that is away, in few words."""

import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from ragpulse.demo.cluster import keep_secrets
from ragpulse.demo.ports import DemoPorts
from ragpulse.demo.processes import demo_processes
from ragpulse.stack.process import Process
from tests.fakes import loopback
from tests.fakes.running import answers, free_ports, running, until


def figure(ports: DemoPorts, sample: str) -> float:
    page = loopback.get(f"http://127.0.0.1:{ports.vllm}/metrics").text
    found = (one for family in text_string_to_metric_families(page) for one in family.samples if one.name == sample)
    return next(found).value


def entries(ports: DemoPorts) -> int:
    return int(loopback.get(f"http://127.0.0.1:{ports.memory}/ready").json()["entries"])


def said(log: Path) -> Counter[str]:
    """What each line says of which service, without the time."""
    return Counter(" ".join(line.split()[2:5]).rstrip(":") for line in log.read_text().splitlines())


def planned(tmp_path: Path, ports: DemoPorts) -> dict[str, Process]:
    keep_secrets(tmp_path)
    return {one.name: one for one in demo_processes(tmp_path, ports, Path("/nowhere"), sys.executable)}


def test_users_keep_slots_full_and_others_waiting_and_outlast_services_that_go_away(tmp_path: Path) -> None:
    ports = DemoPorts(*free_ports(8))
    plan = planned(tmp_path, ports)
    log = tmp_path / "load.log"
    with ExitStack() as stack:
        for name in ("memory", "receiver"):
            stack.enter_context(running(plan[name], tmp_path / f"{name}.log"))
        vllm = stack.enter_context(running(plan["vllm"], tmp_path / "vllm.log"))
        until(lambda: all(answers(str(plan[name].ready_url)) for name in ("memory", "receiver", "vllm")), "all ready")
        load = stack.enter_context(running(plan["load"], log))
        until(lambda: figure(ports, "vllm:num_requests_running") == 4, "every slot in use")
        until(lambda: figure(ports, "vllm:num_requests_waiting") >= 1, "a request that waits")
        until(lambda: entries(ports) >= 1, "a stored note")
        until(lambda: said(log)["chroma is away"] == 1, "a word on Chroma, which nobody started")

        vllm.kill()
        vllm.wait(5)
        until(lambda: said(log)["vllm is away"] == 1, "a word on the stand-in")
        stack.enter_context(running(plan["vllm"], tmp_path / "vllm.log"))
        until(lambda: said(log)["vllm is back"] == 1, "a word on its return")
        until(lambda: figure(ports, "vllm:num_requests_running") == 4, "every slot in use again")
        assert load.poll() is None
        assert said(log) == Counter({"chroma is away": 1, "vllm is away": 1, "vllm is back": 1})
        load.terminate()
        assert load.wait(5) == 0


def test_few_requests_follow_upon_many(tmp_path: Path) -> None:
    ports = DemoPorts(*free_ports(8))
    plan = planned(tmp_path, ports)
    calm = replace(plan["load"], argv=(*plan["load"].argv, "--busy-seconds", "0.5", "--calm-seconds", "60"))
    with running(plan["vllm"], tmp_path / "vllm.log"):
        until(lambda: answers(str(plan["vllm"].ready_url)), "the stand-in ready")
        with running(calm, tmp_path / "load.log"):
            until(lambda: figure(ports, "vllm:num_requests_running") == 4, "every slot in use")
            until(lambda: figure(ports, "vllm:num_requests_running") == 1, "one request at a time")
            until(lambda: figure(ports, "vllm:num_requests_waiting") == 0, "nobody waits")

"""What does one process spend on polling vLLM's page at `--url`, and on the official parser over the same page?

`--rounds N`, in turn; the first poll, which has seen no labels yet, is told apart. Prints one line of JSON: CPU seconds
of a poll, bytes of memory at most.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.process import fields, kib
from exporters.http_client import HttpClient
from exporters.vllm_page import VllmPage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    asked = parser.parse_args()
    client = HttpClient(asked.url, timeout=10)
    text = client.get().body.decode()  # by now the connection is open
    before = _memory("VmRSS")
    first = _cpu(lambda: _poll(client))
    for _ in range(asked.rounds):
        _poll(client)
    memory = _memory("VmHWM") - before  # before the parser takes some
    polls, parsers = [], []
    for _ in range(asked.rounds):
        polls.append(_cpu(lambda: _poll(client)))
        parsers.append(_cpu(lambda: list(text_string_to_metric_families(text))))
    print(json.dumps({"first": first, "poll": _mean(polls), "parser": _mean(parsers), "memory": memory}))


def _poll(client: HttpClient) -> object:
    """All that a source asks of a page."""
    page = VllmPage(client.get().body)
    return list(page.samples("vllm")), list(page.about("vllm")), page.engines(), page.models()


def _cpu(call: Callable[[], object]) -> float:
    begin = time.process_time()
    call()
    return time.process_time() - begin


def _mean(seconds: list[float]) -> float:
    return sum(seconds) / len(seconds)


def _memory(what: str) -> int:
    return kib(fields(Path("/proc/self/status").read_text())[what])


if __name__ == "__main__":
    main()
